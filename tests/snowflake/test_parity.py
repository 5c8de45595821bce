"""Every table of every model is the same in DuckDB and in Snowflake; and what differs is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.core.topics import BY_NAME
from ingest.operations.audit import audit_ticks
from ingest.operations.fill import gaps_to_fill
from ingest.operations.parity import Compared, compare
from ingest.warehouse import retention
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from orchestration.checks.raw_tables import rejected_share
from orchestration.dbt.warm import WarmDbt
from tests.dbt.feeds import START
from tests.snowflake.conftest import InEnvironment
from tests.snowflake.everything import everything, in_two, land
from tests.snowflake.pruning import left, prune_old

# One message has a field that nobody described, of which a test warns.
GOES_WELL = ("success", "pass", "warn")
COMMANDS = (
    ("vwap", "BTCUSDT", "--venue", "binance", "--since", "2026-01-01 12:00:00", "--format", "json"),
    ("book", "ETHUSDT", "--venue", "binance", "--format", "json"),
    ("book", "BTC/USD", "--venue", "kraken", "--format", "json"),
)


@dataclass(frozen=True)
class Pair:
    """The two warehouses of a test."""

    account: Settings
    here: DuckDbWarehouse
    there: SnowflakeWarehouse
    environment: InEnvironment

    def dbt(self, *arguments: str) -> None:
        """In both; everything must go well."""
        for settings in (self.account.model_copy(update={"warehouse": "duckdb"}), self.account):
            with self.environment(settings):
                results = WarmDbt().invoke(*arguments).results
            failed = [each for each in results if each.status not in GOES_WELL]
            assert [(each.node.name, each.message) for each in failed] == []

    def answers(self, *command: str) -> tuple[str, str]:
        """What the command says of either."""
        with self.environment(self.account.model_copy(update={"warehouse": "duckdb"})):
            here = CliRunner().invoke(app, command)
        with self.environment(self.account):
            there = CliRunner().invoke(app, command)
        assert (here.exit_code, there.exit_code) == (0, 0), there.output
        return here.output, there.output

    def differing(self, *models: str) -> dict[str, Compared]:
        return {one.relation: one for one in compare(self.account, models) if not one.is_same}

    def change(self, sql: str) -> None:
        with self.there.cursor() as cursor:
            cursor.execute(sql)


@pytest.fixture
def pair(account: Settings, environment: InEnvironment) -> Iterator[Pair]:
    here = DuckDbWarehouse(account.tickhouse_home / "warehouse.duckdb")
    there = SnowflakeWarehouse(account)
    for warehouse in (here, there):
        warehouse.migrate()
    yield Pair(account, here, there, environment)
    there.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_table_is_the_same_and_what_differs_is_found(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built twice, the second time on what is there, and tested by dbt; then pruned; then spoilt."""
    first, second = in_two(everything(3))
    for records in (first, second):
        for warehouse in (pair.here, pair.there):
            land(warehouse, records)
        pair.dbt("run")
    pair.dbt("test")
    compared = {one.relation: one for one in compare(pair.account)}
    assert [name for name, one in compared.items() if not one.is_same] == []
    assert {name for name, one in compared.items() if not one.duckdb_rows} == set()
    _both_answer_the_same(pair)
    monkeypatch.setattr(retention, "HOUR", timedelta(seconds=1))
    _both_are_pruned_alike(pair, len(first))
    _differences_are_found(pair)


def _both_answer_the_same(pair: Pair) -> None:
    for command in COMMANDS:
        here, there = pair.answers(*command)
        assert here == there
        assert len(here) > 100
    for asked in (gaps_to_fill, lambda connection: audit_ticks(connection, "TTF-GAS", START.date())):
        with pair.here.reading() as ours, pair.there.reading() as theirs:
            assert asked(ours) == asked(theirs) != []
    with pair.here.reading() as ours, pair.there.reading() as theirs:
        found, found_there = (rejected_share(each, BY_NAME["binance.trades"], 0) for each in (ours, theirs))
    assert found == found_there
    assert int(found.metadata["rejected"]) > 0


def _both_are_pruned_alike(pair: Pair, old_batches: int) -> None:
    went, went_there = (prune_old(warehouse, old_batches) for warehouse in (pair.here, pair.there))
    assert went == went_there
    tables = {table for one in went for table in one.deleted}
    assert {"raw.binance_trades", "raw.kraken_books", "marts.fct_trades", "marts.fct_quotes"} <= tables
    assert {"marts.fct_book_ladder", "marts.fct_book_ladder_1s", "marts.fct_vwap_session"} <= tables
    with pair.here.reading() as ours, pair.there.reading() as theirs:
        assert left(ours) == left(theirs)
    assert pair.differing() == {}


def _differences_are_found(pair: Pair) -> None:
    pair.change("update marts.fct_trades set price = price + 0.0000000001 where trade_id = 9")
    pair.change("delete from marts.fct_candles_1m where symbol = 'BTCUSDT'")
    pair.change("insert into marts.fct_quotes select * from marts.fct_quotes limit 1")
    pair.change("update marts.fct_candles_1h set vwap = vwap * 1.00001")
    pair.change("drop table marts.fct_book_epochs")
    changed = ("fct_trades", "fct_candles_1m", "fct_quotes", "fct_candles_1h", "fct_book_epochs")
    assert pair.differing(*changed, "fct_prices").keys() == {f"marts.{name}" for name in changed}
    with pair.environment(pair.account):
        told = CliRunner().invoke(app, ["parity", "--select", "fct_book_epochs", "--select", "fct_prices"])
    assert told.exit_code == 1
    assert "differs" in told.output


def test_other_messages_are_not_compared(pair: Pair) -> None:
    first, _ = in_two(everything(3))
    land(pair.here, {"binance.prices": first["binance.prices"]})
    with pytest.raises(NeedsAttention, match=r"same messages of binance\.prices"):
        list(compare(pair.account))
