"""What the UI shows of books: depth, spread and imbalance, and the numbers it plots."""

import base64
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import dagster as dg
import duckdb
import pytest

from orchestration.preview.book_pictures import SECONDS, depth_picture, figures, touch_picture

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        """create schema marts; create schema intermediate;
           create table marts.fct_book_top (venue varchar, symbol varchar, sequence bigint,
               received_at timestamp, spread_bps double, imbalance double);
           create table intermediate.int_book_levels_current (venue varchar, symbol varchar, side varchar,
               price decimal(38, 10), quantity decimal(38, 10));
           create table marts.fct_book_epochs (end_reason varchar, unknown_seconds double);
           create table marts.fct_book_oracle (sequence bigint, is_match boolean)"""
    )
    return connection


def add_top(connection: duckdb.DuckDBPyConnection, symbol: str, number: int) -> None:
    top = ["binance", symbol, number, NOON + timedelta(seconds=number / 2), number % 5, (number % 3) - 1]
    connection.execute("insert into marts.fct_book_top values (?, ?, ?, ?, ?, ?)", top)


def test_depth_of_the_busiest_market(connection: duckdb.DuckDBPyConnection) -> None:
    for number in range(4):
        add_top(connection, "BTCUSDT", number)
    add_top(connection, "ETHUSDT", 1)
    # The last bid is more than 50 bps away.
    for side, price, quantity in (("bid", 99.9, 3), ("bid", 99.8, 1), ("bid", 90, 70), ("ask", 100.1, 2)):
        for symbol in ("BTCUSDT", "ETHUSDT"):
            level = ["binance", symbol, side, price, quantity]
            connection.execute(
                "insert into intermediate.int_book_levels_current values (?, ?, ?, ?, ?)", level
            )
    text, polygons = _drawn(depth_picture(connection), "polygon")
    assert text.startswith("` binance BTCUSDT: bids and asks within 50 bps of 100")
    bids, asks = polygons
    # 4 are bid up to 99.8, which is as high as it gets; asks stand half as high.
    assert min(y for _, y in bids) == 0
    assert min(y for _, y in asks) == max(y for _, y in asks) / 2
    assert min(x for x, _ in bids) == 0


def test_no_book_no_picture(connection: duckdb.DuckDBPyConnection) -> None:
    assert depth_picture(connection) is None
    assert touch_picture(connection) is None


def test_spread_and_imbalance_by_second(connection: duckdb.DuckDBPyConnection) -> None:
    for number in range(2 * SECONDS + 40):
        add_top(connection, "BTCUSDT", number)
    text, (spread, leaning) = _drawn(touch_picture(connection), "polyline")
    assert text.startswith(
        "` binance BTCUSDT: spread up to 4 bps, imbalance from -1 to 1, 12:00:20 to 12:02:19"
    )
    assert len(spread) == len(leaning) == SECONDS
    assert max(y for _, y in spread) < min(y for _, y in leaning)


def test_numbers_that_are_plotted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "insert into marts.fct_book_epochs values ('gap', 1.5), ('new_snapshot', 0), (null, null)"
    )
    connection.execute("insert into marts.fct_book_oracle values (5, true), (7, false), (9, false)")
    assert _numbers(connection, "fct_book_epochs") == {"epochs": 3, "gaps": 1, "unknown_seconds": 1.5}
    oracle = {"compared": 3, "matched": 1, "first_mismatch_sequence": 7}
    assert _numbers(connection, "fct_book_oracle") == oracle
    connection.execute("delete from marts.fct_book_oracle where not is_match")
    assert _numbers(connection, "fct_book_oracle") == {"compared": 1, "matched": 1}
    assert _numbers(connection, "fct_trades") == {}


def _numbers(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, object]:
    found = figures(connection, dg.AssetKey(["marts", table]))
    return {name: value.value for name, value in found.items()}


def _drawn(picture: dg.MetadataValue | None, kind: str) -> tuple[str, list[list[tuple[float, float]]]]:
    """Its markdown, and the points of its shapes; all within the frame."""
    assert picture is not None
    text = str(picture.value)
    found = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)", text)
    assert found is not None
    svg = ElementTree.fromstring(base64.b64decode(found[1]))  # noqa: S314  (our own)
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    shapes = [shape.attrib["points"].split() for shape in svg if shape.tag.endswith(kind)]
    points = [[(float(x), float(y)) for x, y in (p.split(",") for p in shape)] for shape in shapes]
    assert all(0 <= x <= width and 0 <= y <= height for shape in points for x, y in shape)
    return text, points
