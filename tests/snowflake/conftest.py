"""The environment of a process that works on Snowflake."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest import mock

import pytest

from ingest.settings import Settings, load_settings
from ingest.warehouse.dbt_variables import dbt_variables
from orchestration.dbt.project import DBT_DIR

InEnvironment = Callable[[Settings], AbstractContextManager[None]]


@pytest.fixture
def environment() -> Iterator[InEnvironment]:
    """`with environment(settings):` everything reads these settings; afterwards none is left."""
    used: list[str] = []

    @contextmanager
    def inside(settings: Settings) -> Iterator[None]:
        variables = dbt_variables(settings)
        token = settings.snowflake_token
        if token is not None:
            variables |= {"SNOWFLAKE_TOKEN": token.get_secret_value()}
            used.append(settings.dbt_target)
        with mock.patch.dict(os.environ, variables):
            load_settings.cache_clear()
            yield
        load_settings.cache_clear()

    yield inside
    for target in used:
        shutil.rmtree(DBT_DIR / target, ignore_errors=True)
