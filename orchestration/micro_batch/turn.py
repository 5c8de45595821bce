"""One turn of the loop: land what Kafka has, build what it touches, now and then test it.

fetch, upload (warehouse free) ─▶ hold it: lease still ours? ─▶ land ─▶ dbt run ─▶ dbt test ─▶ let go

Where each question costs (Snowflake), a turn without work asks none, and one with work does all of it: the
warehouse wakes up once.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dbt.artifacts.schemas.run import RunExecutionResult

from ingest.drain.drain import Drain
from ingest.operations.runs import LEASE
from ingest.warehouse.connection import Connection
from ingest.warehouse.protocol import Landed, Warehouse
from orchestration.checks.raw_tables import CheckResult, newest_batch_id, raw_checks
from orchestration.dbt.warm import WarmDbt
from orchestration.keys import raw_key
from orchestration.micro_batch import due_models as pending
from orchestration.micro_batch.backoff import Backoff
from orchestration.micro_batch.due_models import Model, read_models
from orchestration.micro_batch.tested_together import companions
from orchestration.notify.price_alerts import ALERTS, PriceAlert, price_alerts
from orchestration.preview.market_pictures import PICTURES
from orchestration.preview.tables import previews, row_counts

# How far back a new run checks; the nightly audit checks all.
RECENT_BATCHES = 500
PREVIEW_SECONDS = 300
# So many models are tested at a time, and so often: all at once would keep the next messages waiting for
# seconds, and a few in each turn would cost each turn what it takes to begin.
TESTED_AT_ONCE = 8
TEST_PAUSE_SECONDS = 5.0


@dataclass(slots=True)
class Turn:
    """What one turn did."""

    relieved: bool = False
    landed: list[Landed] = field(default_factory=list)
    runs: RunExecutionResult | None = None
    tests: RunExecutionResult | None = None
    checks: list[CheckResult] = field(default_factory=list)
    alerts: list[PriceAlert] = field(default_factory=list)
    row_counts: Mapping[dg.AssetKey, int] = field(default_factory=dict)
    previews: Mapping[dg.AssetKey, Mapping[str, dg.MetadataValue]] = field(default_factory=dict)
    held_seconds: float = 0.0

    @property
    def row_count(self) -> int:
        return sum(landed.row_count for landed in self.landed)

    @property
    def touched(self) -> set[dg.AssetKey]:
        """The tables that it landed or built."""
        built = [result.node for result in self.runs.results] if self.runs else []
        models = {dg.AssetKey([node.schema, node.name]) for node in built}
        return models | {raw_key(landed.raw_table) for landed in self.landed}

    @property
    def did_something(self) -> bool:
        return bool(self.landed or self.runs or self.tests)


class Turns:
    """Everything a run keeps warm from turn to turn."""

    def __init__(
        self,
        run_id: str,
        drain: Drain,
        warehouse: Warehouse,
        dbt: WarmDbt,
        cadences: Mapping[str, float] = pending.CADENCES,
        read_for_sinks: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self._run_id = run_id
        self._drain = drain
        self._warehouse = warehouse
        self._dbt = dbt
        self._cadences = cadences
        self._read_for_sinks = read_for_sinks
        self._models = read_models(dbt.manifest_json)
        self.backoff = Backoff()
        self._is_first = True
        self._companions = companions(dbt.manifest_json)
        self._there: set[str] = set()
        self._untested: dict[str, None] = {}
        self._tested_at: dict[str, float] = {}
        self._any_tested_at = float("-inf")
        self._checked_at = float("-inf")
        self._previewed_at = float("-inf")
        self._checked_through: int | None = None
        self._is_unchecked = False
        self._due_at = float("-inf")

    @property
    def next_due_seconds(self) -> float | None:
        """Until a model has work whose cadence is due; None: there is none."""
        return None if self._due_at == float("inf") else max(0.0, self._due_at - time.monotonic())

    def take(self, *, test_every_seconds: float, is_last: bool = False) -> Turn:
        """One turn. The warehouse is held from the landing to the tests, and free while Kafka is read."""
        batches = self._drain.fetch()
        turn = Turn()
        if not batches and self._is_quiet(is_last=is_last):
            return turn
        batches = self._drain.prepare(batches)
        is_metered = self._warehouse.capabilities.is_metered
        is_whole = is_last or is_metered
        with self._warehouse.open() as connection:
            began = time.monotonic()
            if self._warehouse.lease_holder(LEASE) != self._run_id:
                turn.relieved = True
                return turn
            turn.landed = [landed for batch in batches if (landed := self._drain.land(batch))]
            self._is_unchecked |= bool(turn.landed)
            # Who waits for the first rows sees them before they are tested, a turn later.
            is_first = self._is_first and not is_whole
            # Where builds cost, a run that ends keeps to the cadences: the sensor knows when the next is due.
            self._build(connection, turn, all_cadences=is_last and not is_metered, is_whole=is_whole)
            self._read_for_sinks(connection)
            if not is_first:
                self._test(turn, test_every_seconds, None if is_whole else TESTED_AT_ONCE)
                self._check(connection, turn, test_every_seconds)
            turn.held_seconds = time.monotonic() - began
        return turn

    def _is_quiet(self, *, is_last: bool) -> bool:
        """Nothing is due, and each question costs. What still waits for its test or check gets it last."""
        if not self._warehouse.capabilities.is_metered or (
            is_last and (self._untested or self._is_unchecked)
        ):
            return False
        return time.monotonic() < min(self._due_at, self.backoff.retry_at)

    def _build(self, connection: Connection, turn: Turn, *, all_cadences: bool, is_whole: bool) -> None:
        standing = pending.look(self._models, connection, self._cadences)
        self._there = {model.name for uid, model in self._models.items() if standing.built.get(uid, 0)}
        wait = standing.next_due_seconds()
        self._due_at = float("inf") if wait is None else time.monotonic() + wait
        due = self.backoff.allowed(standing.due(all_cadences=all_cadences))
        chosen = due if is_whole else standing.share(due, live_first=self._is_first)
        if not chosen:
            return
        self._is_first = False
        turn.runs = self._dbt.invoke("run", "--select", *_names(standing.with_quiet_parents(chosen)))
        built = [result.node for result in turn.runs.results if str(result.status) == "success"]
        self._untested |= dict.fromkeys(node.name for node in built)
        if any(node.name == ALERTS.path[-1] for node in built):
            turn.alerts = price_alerts(connection)

    def _test(self, turn: Turn, every_seconds: float, at_once: int | None) -> None:
        """Those that were built since their last test, if that was long enough ago."""
        now = time.monotonic()
        if at_once is not None and now - self._any_tested_at < TEST_PAUSE_SECONDS:
            return
        names = [
            name for name in self._untested if now - self._tested_at.get(name, float("-inf")) >= every_seconds
        ][:at_once]
        if not names:
            return
        beside = {other for name in names for other in self._companions.get(name, ())} & self._there
        chosen = sorted(beside.union(names))
        # `buildable`: not the tests that also need a model that may not be there yet.
        turn.tests = self._dbt.invoke("test", "--select", *chosen, "--indirect-selection", "buildable")
        self._any_tested_at = time.monotonic()
        for name in names:
            del self._untested[name]
            self._tested_at[name] = now

    def _check(self, connection: Connection, turn: Turn, every_seconds: float) -> None:
        """The raw tables' own checks, and what the UI shows of all tables."""
        newest = newest_batch_id(connection)
        since = self._checked_through
        has_landed = newest != since
        is_idle = not has_landed and turn.runs is None
        if is_idle or time.monotonic() - self._checked_at < every_seconds:
            return
        if has_landed:
            recent = max(0, newest - RECENT_BATCHES)
            turn.checks = raw_checks(connection, recent if since is None else since)
            self._checked_through = newest
            self._is_unchecked = False
        self._look(connection, turn)
        self._checked_at = time.monotonic()

    def _look(self, connection: Connection, turn: Turn) -> None:
        """What the UI shows of the tables; pictures are of now, the other previews come more rarely."""
        turn.row_counts = row_counts(self._warehouse, connection)
        is_metered = self._warehouse.capabilities.is_metered
        shown: Collection[dg.AssetKey] = () if is_metered else PICTURES
        if time.monotonic() - self._previewed_at >= PREVIEW_SECONDS:
            self._previewed_at = time.monotonic()
            shown = turn.touched if is_metered else turn.row_counts
        turn.previews = {key: previews(connection, key) for key in turn.row_counts if key in shown}


def _names(models: Sequence[Model]) -> list[str]:
    return [model.name for model in models]
