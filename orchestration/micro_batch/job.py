"""The micro-batch run: warm up, take over from the predecessor, turn until relieved, idle or out of time.

What you see in the UI: one run that stays live, its events on the raw and dbt assets, and a successor that
takes over without a pause. Everything slow (imports, parsing, connecting) happens before the lease is taken.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import dagster as dg
from pydantic import Field

from ingest.core.beats import beats
from ingest.core.errors import BrokerUnavailable, NeedsAttention
from ingest.core.settings import load_settings
from ingest.core.visible import visible
from ingest.drain.drain import Drain
from ingest.kafka.arrivals import Arrivals
from ingest.kafka.open import open_log
from ingest.operations.runs import LEASE, is_asked_to_end, show_alive
from ingest.sinks.open import open_sinks
from ingest.sinks.writer import Delivery, SinkWriter
from ingest.warehouse.engine import capabilities_of
from ingest.warehouse.models import read_models
from orchestration.data_versions import model_tags
from orchestration.dbt.plan import PlannedModel, Rewrite
from orchestration.dbt.plans import Plans
from orchestration.micro_batch.earlier_reports import EarlierReports
from orchestration.micro_batch.report import Event, Report
from orchestration.micro_batch.reported_positions import Committed, remember
from orchestration.micro_batch.turn import Pace, Turn, Turns
from orchestration.run_warehouse import warehouse_of_run
from orchestration.sinks.report import SinkReport

# How often a run that rests looks whether it is to end.
ASKED_SECONDS = 0.5
# So long a turn waits for messages: what else there is to do (slower models, tests) comes without them.
WAITED_SECONDS = 1.0
WAITS_FOR_PLAN = "The dbt project was changed: dbt renders it anew, messages go on landing, models wait."
TIME_IS_OVER = "its time is over"
RELIEVED = "another run has taken over, or it was asked to end"


class LoopConfig(dg.Config):
    """How a micro-batch run behaves. The defaults suit a laptop."""

    max_seconds: float = Field(
        default=900,
        description="A successor takes over by then. 0: a run ends when caught up.",
    )
    idle_seconds: float = Field(default=60, description="Ends when nothing came for so long.")
    turn_seconds: float = Field(
        default=1.0, description="A turn begins at most this often; 0: when something comes."
    )
    test_seconds: float = Field(default=60, description="Data tests and raw checks run this often.")
    report_seconds: float = Field(
        default=300, description="Each asset reports at most this often; what people watch, each minute."
    )
    check_report_seconds: float = Field(
        default=1800, description="Each check reports at most this often, or when its colour changes."
    )


class MicroBatch:
    """The loop of one run."""

    def __init__(self, context: dg.OpExecutionContext, config: LoopConfig) -> None:
        self._settings = settings = load_settings()
        show_alive(settings, context.run_id)
        self._log = context.log
        self._config = config
        self._run_id = context.run_id
        self._began = time.monotonic()
        self._instance = context.instance
        self._warehouse = warehouse_of_run(context.instance, context.run_id)
        self._warehouse.migrate()
        self._drain = Drain(lambda: open_log(settings), self._warehouse, run_id=self._run_id)
        self._arrivals = Arrivals(settings)
        pace = Pace(
            beats(settings, self._warehouse.capabilities.beats).cadences,
            config.turn_seconds,
            config.test_seconds,
        )
        self._plans = plans = Plans(settings)
        plan = plans.wait()  # with it there is a manifest, too
        self._plan_trouble = ""
        self._models = [_key_of(model) for model in plan.models.values()]
        # Beside the turns: what the marts hold goes to the configured stores.
        sinks = open_sinks(settings)
        self._sinks = SinkWriter(sinks, read_models() if sinks else [])
        self._sink_report = SinkReport(asset_seconds=config.report_seconds)
        self._turns = Turns(self._run_id, self._drain, self._warehouse, plans, pace, self._sinks.read)
        earlier = EarlierReports(context.instance)
        self._report = Report(
            asset_seconds=config.report_seconds,
            check_seconds=config.check_report_seconds,
            watched={dg.AssetKey(key) for key in plan.watched},
            counted={
                _key_of(model) for model in plan.models.values() if isinstance(model.statements, Rewrite)
            },
            told=earlier.assets(),
            told_colours=earlier.checks,
        )
        self._report.built_by(model_tags(plan))

    def loop(self) -> Iterator[Event]:
        """Turn after turn; yields what the UI should know, while the warehouse is free for others."""
        with self._warehouse, self._drain, closing(self._arrivals), closing(self._turns):
            self._warehouse.take_lease(LEASE, self._run_id)
            self._log.info(f"Took over after {self._age:.1f} s of warming up.")
            busy_at = time.monotonic()
            ending = None
            while ending is None:
                turn_began = time.monotonic()
                turn = self._turn(busy_at)
                if turn is not None and turn.row_count:
                    busy_at = time.monotonic()
                self._tell_of_sinks(self._sinks.write())
                yield from self._report.events()
                yield from self._sink_report.events()
                ending = self._ending(turn, busy_at)
                if ending is None:
                    self._rest(turn_began)
            yield from self._last_words(ending)

    @property
    def _age(self) -> float:
        return time.monotonic() - self._began

    def _turn(self, busy_at: float) -> Turn | None:
        """One turn, or None while the broker is away."""
        try:
            turn = self._turns.take()
        except BrokerUnavailable as error:
            if time.monotonic() - busy_at > self._config.idle_seconds:
                raise
            self._log.warning(visible(f"{error} Trying again."))
            return None
        self._tell(turn)
        return turn

    def _tell(self, turn: Turn) -> None:
        for landed in turn.landed:
            self._report.landed(landed, turn.held_seconds)
            if landed.opened_life is not None:
                self._log.info(f"{landed.topic}: life {landed.opened_life} begins.")
            for lost in landed.lost:
                self._log.warning(f"{lost} was gone from Kafka before it was landed (retention).")
        self._tell_of_plan()
        self._report.lag(self._drain.lag())
        self._report.readable({check.raw_table for check in turn.checks}, self._drain.troubles)
        self._report.tables(turn.seen.row_counts, turn.seen.previews)
        for result in turn.built:
            self._report.model(result)
            if result.succeeded:
                self._turns.backoff.succeeded(result.unique_id)
            else:
                wait = self._turns.backoff.failed(result.unique_id)
                self._log.error(
                    f"{result.asset_key.to_user_string()}: {visible(result.message)} It is tried again in "
                    f"{wait:.0f} s, what is built from it waits, everything else goes on."
                )
        for evaluation in turn.tests:
            self._report.check(evaluation)
        for check in turn.checks:
            self._report.raw_check(check)
        for alert in turn.alerts:
            self._report.alert(alert)

    def _tell_of_plan(self) -> None:
        """Whenever it is another word: models wait for the plan of a project that was changed."""
        trouble = self._plans.trouble or ("" if self._plans.is_there else WAITS_FOR_PLAN)
        if trouble == self._plan_trouble:
            return
        self._plan_trouble = trouble
        if self._plans.trouble:
            self._log.error(f"dbt cannot render the changed project, so nothing is built from it: {trouble}")
            self._report.cannot_be_planned(self._models, trouble)
        else:
            self._log.info(trouble or "The plan of the changed project is there: its models are built on.")
        if not trouble and (plan := self._plans.current()) is not None:
            self._report.built_by(model_tags(plan))

    def _tell_of_sinks(self, deliveries: Iterable[Delivery]) -> None:
        for trouble in self._sink_report.delivered(deliveries):
            self._log.warning(visible(f"A sink waits, everything else goes on: {trouble}"))

    def _ending(self, turn: Turn | None, busy_at: float) -> str | None:
        if (turn is not None and turn.relieved) or is_asked_to_end(self._settings, self._run_id):
            return RELIEVED
        if self._config.max_seconds == 0:
            is_done = turn is not None and not turn.row_count and self._drain.is_caught_up
            return "caught up" if is_done else None
        if self._age > self._config.max_seconds:
            return TIME_IS_OVER
        if time.monotonic() - busy_at > self._config.idle_seconds:
            return f"nothing came for {self._config.idle_seconds:.0f} s"
        return None

    def _rest(self, turn_began: float) -> None:
        """Let others have the file, at least a moment; a backlog leaves only that moment."""
        free_until = time.monotonic() + self._turns.free_time.left
        self._sleep_until(max(free_until, turn_began + self._config.turn_seconds))
        left = turn_began + WAITED_SECONDS - time.monotonic()
        if left > 0 and self._config.max_seconds:
            self._arrivals.wait(self._drain.readable_positions(), left)

    def _sleep_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            if is_asked_to_end(self._settings, self._run_id):
                return
            time.sleep(min(left, ASKED_SECONDS))

    def _last_words(self, ending: str) -> Iterator[Event]:
        """Slow cadences are built before the run goes, unless a successor is at it already."""
        if ending != RELIEVED:
            self._tell(self._turns.take(is_last=True))
        self._tell_of_sinks([*self._sinks.write(), *self._sinks.close()])
        self._remember()
        goes_on = ending in (RELIEVED, TIME_IS_OVER)  # with another run, which tells the rest
        yield from self._report.events(everything=not goes_on, all_raw=goes_on)
        yield from self._sink_report.events(everything=True)
        self._log.info(f"Ends: {ending}.")

    def _remember(self) -> None:
        """So that the sensor need not ask the warehouse, where that costs."""
        wait = self._turns.next_due_seconds
        due_at = None if wait is None else time.time() + wait
        remember(self._instance, self._run_id, Committed(self._drain.positions(), due_at))


def _key_of(model: PlannedModel) -> dg.AssetKey:
    return dg.AssetKey([model.schema, model.name])


def configured() -> LoopConfig:
    """As the settings say."""
    settings = load_settings()
    usual = beats(settings, capabilities_of(settings).beats)
    return LoopConfig(
        max_seconds=settings.micro_batch_max_seconds,
        idle_seconds=settings.micro_batch_idle_seconds,
        turn_seconds=usual.turn,
        test_seconds=usual.test,
    )


@dg.op(out={}, name="turns", description="Drains, builds and checks, turn after turn.")
def turns(context: dg.OpExecutionContext, config: LoopConfig) -> Iterator[Event]:
    try:
        yield from MicroBatch(context, config).loop()
    except NeedsAttention as error:
        raise dg.Failure(f"{error} A rerun gives the same error.", allow_retries=False) from error


@dg.job(
    name="micro_batch",
    executor_def=dg.in_process_executor,
    description="Kafka to marts in micro-batches. The sensor starts it; it ends by itself and hands over.",
)
def micro_batch_job() -> None:
    turns()
