"""Which models the loop builds: those with work whose time has come, and what holds them back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from ingest.core.errors import NeedsAttention
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse, new_batch
from orchestration.micro_batch.due_models import LoopModel, Pending, look, read_models

TRADES, DEPTH = "binance.trades", "binance.depth"


def model(name: str, *topics: str, cadence: str = "live", parents: tuple[str, ...] = ()) -> LoopModel:
    return LoopModel(name, name, cadence, frozenset(topics), frozenset(parents))


ANCESTORS = tuple("abcdefghij")
STAGING = (model("stg_trades", TRADES), model("stg_depth", DEPTH))
TRADES_MART = model("fct_trades", TRADES, parents=("stg_trades",))
MIXED_MART = model("fct_mixed", TRADES, DEPTH, parents=("stg_trades", "stg_depth"))


@dataclass
class Warehouse:
    """What has landed and what is built."""

    connection: duckdb.DuckDBPyConnection
    built: dict[str, int] = field(default_factory=dict)

    def land(self, topic: str) -> int:
        return new_batch(self.connection, "landing", topic, None)

    def build(self, *models: LoopModel) -> None:
        """As dbt does it: as far as all parents have come."""
        (newest,) = self.connection.execute("select max(batch_id) from ops.batches").fetchone() or (0,)
        for one in models:
            through = min((self.built[parent] for parent in one.parents), default=newest)
            self.built[one.unique_id] = through
            self.connection.execute(
                """insert or replace into ops.model_progress
                   values (?, ?, ?, now()::timestamptz at time zone 'UTC')""",
                [one.unique_id, through, through],
            )

    def age(self, seconds: float) -> None:
        """So long ago was all that was built; ahead of the clock, where negative."""
        self.connection.execute(
            "update ops.model_progress set settled_at = settled_at - to_seconds(?)", [seconds]
        )


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    warehouse.migrate()
    with warehouse.open() as connection:
        yield Warehouse(connection)


def models_of(*models: LoopModel) -> Mapping[str, LoopModel]:
    return {one.unique_id: one for one in models}


def due(models: Mapping[str, LoopModel], warehouse: Warehouse, *, all_cadences: bool = False) -> list[str]:
    pending = look(models, warehouse.connection)
    return [one.name for one in pending.with_quiet_parents(pending.due(all_cadences=all_cadences))]


def test_nothing_landed_nothing_due(warehouse: Warehouse) -> None:
    assert due(models_of(*STAGING, MIXED_MART), warehouse) == []


def test_what_a_topic_feeds_is_due_until_it_is_built(warehouse: Warehouse) -> None:
    models = models_of(*STAGING, TRADES_MART)
    warehouse.land(TRADES)
    assert due(models, warehouse) == ["stg_trades", "fct_trades"]
    warehouse.build(STAGING[0])
    assert due(models, warehouse) == ["fct_trades"]
    warehouse.build(TRADES_MART)
    assert due(models, warehouse) == []


def test_a_quiet_topic_does_not_hold_back_the_others(warehouse: Warehouse) -> None:
    """A model of two topics gets no further than its parents: the one of the quiet topic is moved up."""
    models = models_of(*STAGING, MIXED_MART)
    warehouse.land(DEPTH)
    warehouse.land(TRADES)
    warehouse.build(*STAGING, MIXED_MART)
    warehouse.land(TRADES)
    assert due(models, warehouse) == ["stg_trades", "stg_depth", "fct_mixed"]
    warehouse.build(*STAGING, MIXED_MART)
    assert warehouse.built["fct_mixed"] == 3
    assert due(models, warehouse) == []


def test_a_quiet_topic_is_left_alone_where_nothing_waits_for_it(warehouse: Warehouse) -> None:
    models = models_of(*STAGING, TRADES_MART)
    warehouse.land(DEPTH)
    warehouse.land(TRADES)
    warehouse.build(*STAGING, TRADES_MART)
    warehouse.land(TRADES)
    assert due(models, warehouse) == ["stg_trades", "fct_trades"]


def test_a_slower_cadence_waits_for_its_time_each_model_for_its_own(warehouse: Warehouse) -> None:
    minute = model("fct_minute", TRADES, cadence="minute", parents=("stg_trades",))
    failing = model("fct_failing", TRADES, cadence="minute", parents=("stg_trades",))
    models = models_of(STAGING[0], minute, failing)
    warehouse.land(TRADES)
    assert due(models, warehouse) == ["stg_trades", "fct_minute", "fct_failing"]
    warehouse.build(STAGING[0], minute)
    warehouse.land(TRADES)
    warehouse.age(58)
    assert due(models, warehouse) == ["stg_trades", "fct_failing"]
    assert due(models, warehouse, all_cadences=True) == ["stg_trades", "fct_minute", "fct_failing"]
    warehouse.age(3)
    assert due(models, warehouse) == ["stg_trades", "fct_minute", "fct_failing"]


def test_a_build_that_lies_ahead_does_not_keep_a_model_waiting(warehouse: Warehouse) -> None:
    """The clock stepped back an hour."""
    minute = model("fct_minute", TRADES, cadence="minute", parents=("stg_trades",))
    warehouse.land(TRADES)
    warehouse.build(STAGING[0], minute)
    warehouse.land(TRADES)
    warehouse.age(-3600)
    assert due(models_of(STAGING[0], minute), warehouse) == ["stg_trades", "fct_minute"]


def test_a_quiet_parent_is_moved_up_for_what_is_chosen_and_for_nothing_else(warehouse: Warehouse) -> None:
    """What is due but has to wait for its turn does not have its parents built meanwhile."""
    warehouse.land(DEPTH)
    warehouse.build(*STAGING)
    warehouse.land(TRADES)
    pending = look(models_of(*STAGING, TRADES_MART, MIXED_MART), warehouse.connection)
    assert pending.with_quiet_parents([TRADES_MART]) == [TRADES_MART]
    assert pending.with_quiet_parents([MIXED_MART]) == [STAGING[1], MIXED_MART]


def manifest(cadence: str | None = None) -> Mapping[str, object]:
    """source raw.binance_trades ─▶ stg ─▶ fct"""
    meta = {} if cadence is None else {"cadence": cadence}
    return {
        "sources": {"source.t.raw.binance_trades": {"name": "binance_trades"}},
        "nodes": {
            "model.t.stg": {"resource_type": "model", "name": "stg", "config": {}},
            "model.t.fct": {"resource_type": "model", "name": "fct", "config": {"meta": meta}},
            "test.t.x": {"resource_type": "test", "name": "x", "config": {}},
        },
        "parent_map": {
            "source.t.raw.binance_trades": [],
            "model.t.stg": ["source.t.raw.binance_trades"],
            "model.t.fct": ["model.t.stg", "macro.t.m"],
            "test.t.x": ["model.t.fct"],
        },
    }


def test_models_are_read_with_all_that_is_above_them() -> None:
    models = read_models(manifest(cadence="hour"))
    assert set(models) == {"model.t.stg", "model.t.fct"}
    fct = models["model.t.fct"]
    assert (fct.cadence, fct.topics, fct.parents) == ("hour", {TRADES}, {"model.t.stg"})
    assert models["model.t.stg"].cadence == "live"


def test_a_cadence_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NeedsAttention, match=r"fct has the cadence 'often'; there are live, minute"):
        read_models(manifest(cadence="often"))


def test_a_turn_builds_all_that_is_live_and_a_few_of_the_rest_in_turn() -> None:
    """What waits longest comes first, parents before children, until all had their turn."""
    slow = [model(f"fct_{n}", TRADES, cadence="minute", parents=ANCESTORS[:n]) for n in range(8)]
    ages: dict[str, float] = {}
    shares = []
    for _ in range(3):
        share = standing(*slow, ages=ages).share([*reversed(slow), *STAGING])
        ages = {name: age + 1 for name, age in ages.items()} | {each.name: 0 for each in share}
        assert share[: len(STAGING)] == [*STAGING]
        shares.append([each.name for each in share[len(STAGING) :]])
    assert shares == [["fct_0", "fct_1", "fct_2"], ["fct_3", "fct_4", "fct_5"], ["fct_6", "fct_7", "fct_0"]]


def test_what_is_live_comes_alone_at_first_and_the_rest_where_nothing_is_live() -> None:
    """A feed whose models are all built by the minute is built in the first turn as well."""
    minutely = model("stg_kraken", TRADES, cadence="minute")
    waiting = standing(*STAGING, minutely)
    assert waiting.share([*STAGING, minutely], live_first=True) == [*STAGING]
    assert waiting.share([minutely], live_first=True) == [minutely]
    assert waiting.share([], live_first=True) == []


def standing(*models: LoopModel, ages: Mapping[str, float] | None = None) -> Pending:
    """Nothing was ever built, but for what has an age."""
    return Pending(models_of(*models), newest={}, built={}, ages=ages or {})
