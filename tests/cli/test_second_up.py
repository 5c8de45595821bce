"""A second `tickhouse up` in a home that is up is refused, with the first one's address."""

from pathlib import Path

import pytest

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings
from ingest.operations.home_lock import home_taken


def test_the_second_is_told_where_the_first_is(tmp_path: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    with (
        home_taken(settings, "http://127.0.0.1:3000"),
        pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:3000"),
        home_taken(settings, "http://127.0.0.1:3001"),
    ):
        pass
    with home_taken(settings, "http://127.0.0.1:3001"):
        assert (tmp_path / "up.lock").read_text() == "http://127.0.0.1:3001"
