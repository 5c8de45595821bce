"""What dbt has to say is composed where somebody reads it, and told where there is a logger."""

import io
from collections.abc import Iterator

import pytest
from dbt.adapters.events.types import SQLQuery
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.logger import LoggerConfig

from orchestration.dbt.quiet import keep_quiet

QUERY = "On model.tickhouse.fct_trades: select 1"


@pytest.fixture(autouse=True)
def heard() -> Iterator[list[EventMsg]]:
    keep_quiet()
    heard: list[EventMsg] = []
    get_event_manager().add_callback(heard.append)
    yield heard
    ctx_set_event_manager(EventManager())  # pyright: ignore[reportArgumentType]


def a_query() -> SQLQuery:
    return SQLQuery(conn_name="model.tickhouse.fct_trades", sql="select 1", node_info={})


def test_a_query_is_not_composed_without_a_logger(heard: list[EventMsg]) -> None:
    query = a_query()
    fire_event(query)
    assert heard == []
    assert "pb_msg" not in query.__dict__


def test_it_says_what_it_would_have_said() -> None:
    query = a_query()
    assert query.message() == QUERY
    assert query.sql == "select 1"
    with pytest.raises(AttributeError):
        _ = query.nonsense


def test_a_logger_hears_it(heard: list[EventMsg]) -> None:
    written = io.StringIO()
    get_event_manager().add_logger(LoggerConfig("ours", level=EventLevel.DEBUG, output_stream=written))
    fire_event(a_query())
    assert QUERY in written.getvalue()
    assert [message.info.name for message in heard] == ["SQLQuery"]


def test_a_warning_is_heard(heard: list[EventMsg]) -> None:
    fire_event(a_query(), level=EventLevel.WARN)
    assert [message.info.level for message in heard] == ["warn"]
