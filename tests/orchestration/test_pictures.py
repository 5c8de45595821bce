"""Pictures on assets are images that a browser takes, and say what they show."""

import base64
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import dagster as dg
import duckdb
import pytest

from orchestration.preview.market_pictures import MINUTES, vwap_picture
from orchestration.preview.tables import previews

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        """create schema marts;
           create table marts.fct_candles_1m (venue varchar, symbol varchar, window_start_at timestamp,
               close decimal(38, 10), volume decimal(38, 10), trade_count bigint);
           create table marts.fct_vwap_session (venue varchar, symbol varchar, window_start_at timestamp,
               vwap double, lower_band_2 double, upper_band_2 double)"""
    )
    return connection


def add(connection: duckdb.DuckDBPyConnection, symbol: str, minute: int, price: float, trades: int) -> None:
    key = ["binance", symbol, NOON + timedelta(minutes=minute)]
    connection.execute("insert into marts.fct_candles_1m values (?, ?, ?, ?, 1, ?)", [*key, price, trades])
    session = [*key, price, price - 1, price + 1]
    connection.execute("insert into marts.fct_vwap_session values (?, ?, ?, ?, ?, ?)", session)


def test_the_busiest_market_is_drawn_within_the_frame(connection: duckdb.DuckDBPyConnection) -> None:
    for minute in range(MINUTES + 30):
        add(connection, "BTCUSDT", minute, 60_000 + minute % 9, trades=9)
        add(connection, "SHIBUSDT", minute, 0.00001, trades=1)
    picture = vwap_picture(connection)
    assert picture is not None
    text = str(picture.value)
    assert text.startswith(
        "` binance BTCUSDT: price, VWAP with two standard deviations, volume, 12:30 to 14:29"
    )
    svg = _svg(text)
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    lines = [shape for shape in svg if shape.tag.endswith("polyline")]
    assert [len(line.attrib["points"].split()) for line in lines] == [MINUTES, MINUTES]
    for shape in svg:
        for point in shape.attrib.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_a_price_that_does_not_move_is_a_line(connection: duckdb.DuckDBPyConnection) -> None:
    for minute in range(2):
        add(connection, "X", minute, 5, trades=1)
    assert _svg(str(vwap_picture(connection))) is not None


def test_nothing_is_drawn_of_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    assert vwap_picture(connection) is None


def test_a_table_is_shown_before_all_that_its_picture_needs_is_built(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("drop table marts.fct_vwap_session")
    connection.execute("alter table marts.fct_candles_1m add column batch_id bigint")
    assert previews(connection, dg.AssetKey(["marts", "fct_candles_1m"])).keys() == {"newest"}


def _svg(markdown: str) -> ElementTree.Element:
    found = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)", markdown)
    assert found is not None
    return ElementTree.fromstring(base64.b64decode(found[1]))  # noqa: S314  (our own)
