"""One turn of the loop: land what Kafka has, build what it touches, test it in the time that is left.

fetch, upload (warehouse free) ─▶ hold it: lease still ours? ─▶ land ─▶ build what is watched ─▶ let go
    each three seconds         ─▶ hold it: lease still ours? ─▶ build the rest ─▶ test ─▶ look ─▶ let go

Where each question costs (Snowflake), a turn without work asks none, and one with work does all of it: the
warehouse wakes up once. docs/turn.md tells a turn statement by statement.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from ingest.core.beats import CADENCES
from ingest.drain.drain import Drain
from ingest.operations.runs import LEASE
from ingest.warehouse.connection import Connection
from ingest.warehouse.protocol import Batch, Landed, Warehouse
from orchestration.checks.raw_tables import CheckResult
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plan import Plan
from orchestration.dbt.plans import Plans
from orchestration.keys import raw_key
from orchestration.micro_batch.backoff import Backoff
from orchestration.micro_batch.errands import Errands
from orchestration.micro_batch.free_time import FreeTime
from orchestration.micro_batch.models import Models
from orchestration.micro_batch.raw_checker import RawChecker
from orchestration.micro_batch.shown import Seen, Shown
from orchestration.notify.price_alerts import ALERTS, PriceAlert, price_alerts


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, in seconds."""

    cadences: Mapping[str, float] = field(default_factory=lambda: CADENCES)
    turn: float = 1.0
    test: float = 60.0


@dataclass(slots=True)
class Turn:
    """What one turn did."""

    relieved: bool = False
    landed: list[Landed] = field(default_factory=list)
    built: list[ModelResult] = field(default_factory=list)
    tests: list[dg.AssetCheckEvaluation] = field(default_factory=list)
    checks: list[CheckResult] = field(default_factory=list)
    alerts: list[PriceAlert] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    held_seconds: float = 0.0

    @property
    def row_count(self) -> int:
        return sum(landed.row_count for landed in self.landed)

    @property
    def touched(self) -> set[dg.AssetKey]:
        """The tables that it landed or built."""
        return {result.asset_key for result in self.built} | {raw_key(one.raw_table) for one in self.landed}

    @property
    def did_something(self) -> bool:
        return bool(self.landed or self.built or self.tests)


# Tests wait for the next turn rather than keep the warehouse from others, and the next messages waiting.
SHARE_HELD = 0.5
# What nobody watches comes with every few turns: another hold of the file and its models cost half a turn.
REST_SECONDS = 3.0
FIRST_REST_SECONDS = 0.9
"""While some of it was never built."""


class Turns:
    """Takes one turn after the other."""

    def __init__(
        self,
        run_id: str,
        drain: Drain,
        warehouse: Warehouse,
        plans: Plans,
        pace: Pace,
        read_for_sinks: Callable[[Any], None] = lambda _: None,
    ) -> None:
        self._run_id = run_id
        self._drain = drain
        self._warehouse = warehouse
        # Where each question costs, a turn without work asks none, and one with work does all of it.
        self._is_metered = warehouse.capabilities.is_metered
        self._plans = plans
        self._pace = pace
        self._read_for_sinks = read_for_sinks
        self.backoff = Backoff()
        self.free_time = FreeTime()
        self._errands = Errands(run_id)
        self._models = self._models_of(plans.wait())
        self._checker = RawChecker(pace.test)
        self._shown = Shown(warehouse, pace.test, is_metered=self._is_metered)
        self._has_built = False
        self._finished_at = float("-inf")

    @property
    def next_due_seconds(self) -> float | None:
        """Until a model has work whose cadence is due; None: there is none."""
        due_at = self._models.due_at
        return None if due_at == float("inf") else max(0.0, due_at - time.monotonic())

    def take(self, *, is_last: bool = False) -> Turn:
        """One turn. The warehouse is free while Kafka is read, and between what is watched and the rest."""
        batches = self._drain.fetch()
        turn = Turn(built=self._errands.results(wait=is_last))
        if not batches and self._is_quiet(is_last=is_last):
            return turn
        batches = self._drain.prepare(batches)
        with self._held(turn) as connection:
            if turn.relieved:
                return turn
            self._land(batches, turn)
            is_whole = is_last or self._is_metered
            is_shown_first = not is_whole and self._build(connection, turn, only_watched=True)
            is_rest_due = self._is_rest_due
            if not is_shown_first:
                self._finish(connection, turn, is_last=is_last)
            elif not is_rest_due:
                self._read_for_sinks(connection)
        if is_shown_first and is_rest_due:
            time.sleep(self.free_time.left)
            with self._held(turn) as connection:
                if turn.relieved:
                    return turn
                self._finish(connection, turn, is_last=is_last)
        self._errands.send()
        return turn

    def close(self) -> None:
        self._errands.close()

    def _is_quiet(self, *, is_last: bool) -> bool:
        """Nothing is due, and each question costs. What still waits for its test or check gets it last."""
        is_unsure = self._models.tester.has_waiting or self._checker.is_waiting
        if not self._is_metered or (is_last and is_unsure):
            return False
        return time.monotonic() < min(self._models.due_at, self.backoff.retry_at)

    @contextmanager
    def _held(self, turn: Turn) -> Iterator[Connection]:
        """The warehouse for ourselves, if the lease is still ours; how long adds up."""
        with self._warehouse.open() as connection:
            self.free_time.taken()
            began = time.monotonic()
            turn.relieved = self._warehouse.lease_holder(LEASE) != self._run_id
            yield connection
            turn.held_seconds += time.monotonic() - began
        self.free_time.given_back()

    @property
    def _is_rest_due(self) -> bool:
        seconds = FIRST_REST_SECONDS if self._models.begins else REST_SECONDS
        return time.monotonic() - self._finished_at >= seconds

    def _land(self, batches: Sequence[Batch], turn: Turn) -> None:
        turn.landed = [landed for batch in batches if (landed := self._drain.land(batch))]
        if turn.landed:
            self._checker.landed()

    def _finish(self, connection: Connection, turn: Turn, *, is_last: bool) -> None:
        """All that is left to do."""
        began = self._finished_at = time.monotonic()
        self._build(connection, turn, is_last=is_last)
        self._read_for_sinks(connection)
        if self._has_built or is_last or self._is_metered:
            self._trust(connection, turn, began, is_last=is_last)
        self._has_built |= bool(turn.built)

    def _build(
        self, connection: Connection, turn: Turn, *, is_last: bool = False, only_watched: bool = False
    ) -> bool:
        """With the plan of the project as it stands at this moment, or not at all. Whether it built any."""
        plan = self._plans.current()
        if plan is None:
            return False
        if plan is not self._models.plan:
            self._models = self._models_of(plan)
        is_metered = self._is_metered
        # Where builds cost, a run that ends keeps to the cadences: the sensor knows when the next is due.
        built = self._models.build(
            connection,
            {result.unique_id for result in turn.built if not result.succeeded},
            all_cadences=is_last and not is_metered,
            is_whole=is_last or is_metered,
            only_watched=only_watched,
        )
        if is_metered:
            # Nobody else may build while we hold it; a child of ours may.
            self._errands.send()
            built += self._errands.results(wait=True)
        turn.built += built
        self._models.built(turn.built)
        if any(result.asset_key == ALERTS and result.succeeded for result in built):
            turn.alerts = price_alerts(connection)
        return bool(built)

    def _trust(self, connection: Connection, turn: Turn, began: float, *, is_last: bool) -> None:
        """Tests, checks, and what the UI shows. Who waits for the first rows sees them before that."""
        is_whole = is_last or self._is_metered
        until = float("inf") if is_whole else began + self._pace.turn * SHARE_HELD
        turn.tests = self._models.test(connection, until, is_last=is_last)
        turn.checks = self._checker.check(connection, is_last=is_last)
        self._shown.touched(turn.touched)
        turn.seen = self._shown.look(connection, is_last=is_last)

    def _models_of(self, plan: Plan) -> Models:
        return Models(
            plan,
            self.backoff,
            self._errands,
            self._pace.cadences,
            test_every_seconds=self._pace.test,
            is_ddl_transactional=not self._is_metered,
        )
