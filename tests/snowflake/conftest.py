"""The environment of a process that works on Snowflake."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest import mock

import pytest
from pydantic import SecretStr

from ingest.core.settings import Settings, load_settings
from ingest.warehouse.dbt_variables import dbt_target, dbt_variables
from orchestration.dbt.environment import DBT_DIR

InEnvironment = Callable[[Settings], AbstractContextManager[None]]


@pytest.fixture
def environment() -> Iterator[InEnvironment]:
    """`with environment(settings):` everything reads these settings; afterwards none is left."""
    used: list[str] = []

    @contextmanager
    def inside(settings: Settings) -> Iterator[None]:
        if settings.warehouse == "snowflake":
            used.append(dbt_target(settings))
        with mock.patch.dict(os.environ, {**_of_account(settings), **dbt_variables(settings)}):
            load_settings.cache_clear()
            yield
        load_settings.cache_clear()

    yield inside
    for target in used:
        shutil.rmtree(DBT_DIR / target, ignore_errors=True)


def _of_account(settings: Settings) -> dict[str, str]:
    """As whoever set them would have."""
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings
        if name.startswith("snowflake_") and value is not None
    }
