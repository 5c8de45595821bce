"""The loader, on a PostgreSQL of its own: what the exchange tells is there, what it does not tell goes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import NeedsAttention, PostgresUnavailable
from ingest.core.settings import Settings
from ingest.feeds.change_data import answers
from ingest.feeds.change_data.loader import Loader, Rows, make_tables
from ingest.feeds.change_data.simulated import Seen
from ingest.feeds.change_data.tables import NEWEST_TRADES, TABLES
from ingest.services import ports, postgres
from tests.feeds_to_marts.test_binance_rest import answer
from tests.support.stand_in import StandIn

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(scope="module")
def server(open_home: Path) -> Iterator[Settings]:
    settings = Settings(tickhouse_home=open_home / "loader")
    postgres.start(settings)
    yield settings
    postgres.stop(settings)


@pytest.fixture
def url(server: Settings) -> str:
    """With empty tables."""
    url = postgres.postgres_url(server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop schema if exists binance cascade")
    make_tables(url)
    return url


def found(url: str, sql: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(sql.encode()).fetchall()


def load(url: str, *rows: Rows) -> tuple[int, int]:
    with Loader(url) as loader:
        for each in rows:
            loader.load(each)
        return loader.written, loader.deleted


def trades(first: int, count: int, at: datetime) -> Rows:
    sent = [
        {"id": first + n, "price": "1", "qty": "2", "isBuyerMaker": True, "time": int(at.timestamp() * 1000)}
        for n in range(count)
    ]
    return answers.trades("BTCUSDT", sent, at)


def test_the_tables_are_those_of_the_definitions(url: str) -> None:
    columns = dict(
        found(
            url,
            """select table_name, string_agg(column_name, ' ' order by ordinal_position)
               from information_schema.columns where table_schema = 'binance' group by table_name""",
        )
    )
    assert columns == {table.name: " ".join(table.columns) for table in TABLES}
    keys = dict(
        found(
            url,
            """select table_name, string_agg(column_name, ' ' order by ordinal_position)
               from information_schema.key_column_usage where table_schema = 'binance' group by table_name""",
        )
    )
    assert keys == {table.name: " ".join(table.key) for table in TABLES}
    identities = found(
        url,
        "select relreplident from pg_class where relnamespace = 'binance'::regnamespace and relkind = 'r'",
    )
    assert identities == [("f",)] * len(TABLES)


def test_the_same_answer_again_changes_nothing(url: str) -> None:
    rows = answers.prices({"BTCUSDT": "93000.1", "ETHUSDT": "3300"}, NOW)
    assert load(url, rows) == (2, 0)
    before = found(url, "select xmin, * from binance.prices order by symbol")
    assert load(url, rows) == (0, 0)
    assert found(url, "select xmin, * from binance.prices order by symbol") == before


def test_a_pair_that_is_not_told_of_any_more_goes(url: str) -> None:
    load(url, answers.prices({"BTCUSDT": "1", "LUNAUSDT": "2"}, NOW))
    assert load(url, answers.prices({"BTCUSDT": "3"}, LATER)) == (1, 1)
    assert found(url, "select symbol, price::int from binance.prices") == [("BTCUSDT", 3)]


def test_an_empty_answer_takes_nothing_away(url: str) -> None:
    load(url, answers.prices({"BTCUSDT": "1"}, NOW))
    assert load(url, answers.prices({}, LATER)) == (0, 0)
    assert found(url, "select count(*) from binance.prices") == [(1,)]


def test_a_book_is_that_of_the_last_answer(url: str) -> None:
    def book(symbol: str, last_id: int, at: datetime, *bids: str) -> Rows:
        snapshot = {"lastUpdateId": last_id, "bids": [[price, "1"] for price in bids], "asks": [["9", "1"]]}
        return answers.books(symbol, snapshot, at)

    load(url, book("A", 1, NOW, "5", "4"), book("B", 1, NOW, "5"), book("A", 2, LATER, "5", "3"))
    sql = "select symbol, side, price::int from binance.books order by 1, 2, 3"
    assert found(url, sql) == [
        ("A", "ask", 9), ("A", "bid", 3), ("A", "bid", 5), ("B", "ask", 9), ("B", "bid", 5),
    ]  # fmt: skip
    many = book("C", 1, NOW, *(str(price) for price in range(100, 0, -1)))
    assert [row[2] for row in many.rows if row[1] == "bid"][-1] == str(101 - answers.BOOK_LEVELS)


def test_of_trades_the_newest_stay(url: str) -> None:
    load(url, trades(0, NEWEST_TRADES, NOW))
    assert load(url, trades(NEWEST_TRADES, 3, LATER)) == (3, 3)
    assert found(url, "select min(trade_id), count(*) from binance.trades") == [(3, NEWEST_TRADES)]
    assert load(url, trades(10_000, 1, LATER + timedelta(days=1))) == (1, NEWEST_TRADES - 3)


def test_candles_stay_a_day(url: str) -> None:
    def bar(minute: int) -> list[object]:
        start = int(NOW.timestamp() * 1000) + minute * 60_000
        return [start, "1", "2", "0.5", "1.5", "10", start + 59_999, "15", 3, "5", "7"]

    load(url, answers.candles("A", [bar(0), bar(1)], NOW + timedelta(minutes=2)))
    closed = NOW + timedelta(days=1, minutes=1)
    assert load(url, answers.candles("A", [bar(0), bar(1), bar(1440)], closed)) == (1, 1)
    sql = "select extract(minute from window_start_at)::int, close, trade_count from binance.candles"
    assert [(minute, float(close), n) for minute, close, n in found(url, sql)] == [(1, 1.5, 3), (0, 1.5, 3)]


def test_an_answer_is_loaded_whole_or_not_at_all(url: str) -> None:
    rows = answers.prices({"BTCUSDT": "1", "ETHUSDT": "not a number"}, NOW)
    with pytest.raises(NeedsAttention, match="rows of binance"):
        load(url, rows)
    assert found(url, "select count(*) from binance.prices") == [(0,)]


def test_without_postgres_it_says_so() -> None:
    nobody = f"postgresql://tickhouse:tops3cret@127.0.0.1:{ports.free_port()}/postgres"
    with Loader(nobody, patience_seconds=0) as loader, pytest.raises(PostgresUnavailable) as caught:
        loader.load(answers.prices({"BTCUSDT": "1"}, NOW))
    assert "tops3cret" not in str(caught.value)


def test_postgres_may_go_and_come_back(server: Settings, url: str) -> None:
    with Loader(url) as loader:
        loader.load(answers.prices({"BTCUSDT": "1"}, NOW))
        postgres.stop(server)
        postgres.start(server)
        loader.load(answers.prices({"BTCUSDT": "2"}, LATER))
    assert found(url, "select price::int from binance.prices") == [(2,)]


def test_binance_is_polled_into_the_tables(url: str) -> None:
    with StandIn() as exchange:
        exchange.answer = answer
        result = CliRunner().invoke(
            app,
            ["publish", "cdc", "--exchange", "binance", "--symbols", "BTCUSDT", "--every", "0"],
            env={"BINANCE_REST_URL": exchange.rest_url, "POSTGRES_URL": url},
        )
    assert result.exit_code == 0, result.output
    assert "deleted" in result.output
    sql = "select (select string_agg(symbol || price::float, ' ' order by symbol) from binance.prices)"
    assert found(url, sql) == [("BTCUSDT93000.1 ETHUSDT3300",)]
    assert found(url, "select symbol, trade_count, window_end_at::text from binance.stats") == [
        ("BTCUSDT", 76, "2026-01-01 00:00:00+00")
    ]
    assert found(url, "select side, price::int, quantity::int from binance.books order by 1") == [
        ("ask", 3, 4), ("bid", 1, 2),
    ]  # fmt: skip


def test_the_simulated_exchange_fills_every_table(url: str) -> None:
    result = CliRunner().invoke(app, ["publish", "cdc", "--every", "0"], env={"POSTGRES_URL": url})
    assert result.exit_code == 0, result.output
    for table in TABLES:
        ((count,),) = found(url, f"select count(*) from {table.relation}")
        assert count >= 3, table.name


def test_what_was_told_is_told_once() -> None:
    seen = Seen()
    seen.trades["A"].append({"t": 1, "p": "1", "q": "1", "m": True, "T": 0})
    assert [rows.table.name for rows in seen.rows(NOW) if rows.rows] == ["trades"]
    assert [rows.table.name for rows in seen.rows(NOW) if rows.rows] == []
    assert json.dumps(seen.tickers) == "{}"
