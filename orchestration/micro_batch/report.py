"""What the UI is told, and how often.

Every event costs two to twenty kilobytes of history, twice. So an asset is heard at most every
`asset_seconds` (what people watch: each minute), with the sums since, and what an earlier run told counts. A
check is heard every `check_seconds`, at once when its colour changes, and after the first report of its asset
in each run: to Dagster, a check of another run than the latest report's has not run. Raw comes before dbt, or
staging would show as stale.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

import dagster as dg

from ingest.core.errors import NeedsAttention
from ingest.core.topics import BY_NAME
from ingest.warehouse.protocol import Landed
from orchestration.checks.raw_tables import CheckResult
from orchestration.data_versions import Tags, raw_tags
from orchestration.dbt.outcome import ModelResult
from orchestration.escaping import as_block
from orchestration.keys import IS_BUILT, READABLE, raw_key, topic_key
from orchestration.notify.price_alerts import ALERTS, PriceAlert

WATCHED_SECONDS = 60.0

Metadata = int | float | str | dg.MetadataValue
Event = dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.AssetObservation
Colours = Mapping[dg.AssetCheckKey, bool]


@dataclass(slots=True)
class _Sums:
    """What happened to one asset since it was last reported."""

    sums: dict[str, float] = field(default_factory=dict)
    latest: dict[str, Metadata] = field(default_factory=dict)

    def add(self, **amounts: float) -> None:
        for name, amount in amounts.items():
            self.sums[name] = self.sums.get(name, 0) + amount


class Report:
    """Gathers what happened; `events` says what is due."""

    def __init__(
        self,
        *,
        asset_seconds: float,
        check_seconds: float,
        watched: Set[dg.AssetKey] = frozenset(),
        counted: Set[dg.AssetKey] = frozenset(),
        told: Mapping[dg.AssetKey, float] | None = None,
        told_colours: Callable[[Collection[dg.AssetCheckKey]], Colours] = lambda _: {},
    ) -> None:
        self._asset_seconds = asset_seconds
        self._check_seconds = check_seconds
        self._watched = watched
        self._counted = counted
        self._tags: dict[dg.AssetKey, Tags] = dict(raw_tags())
        self._raw: dict[dg.AssetKey, _Sums] = {}
        self._models: dict[dg.AssetKey, _Sums] = {}
        self._row_counts: dict[dg.AssetKey, int] = {}
        self._previews: dict[dg.AssetKey, Mapping[str, dg.MetadataValue]] = {}
        self._checks: dict[dg.AssetCheckKey, dg.AssetCheckEvaluation] = {}
        self._lag: dict[str, int] = {}
        self._lag_to_tell: set[str] = set()
        self._unreadable: set[str] = set()
        self._alerts: list[PriceAlert] = []
        self._asset_told = dict(told or {})
        self._told_by_us: set[dg.AssetKey] = set()
        self._check_told: dict[dg.AssetCheckKey, float] = {}
        self._told_colours = told_colours
        self._colours: dict[dg.AssetCheckKey, bool | None] = {}

    def built_by(self, tags: Mapping[dg.AssetKey, Tags]) -> None:
        """The code of the models, for the reports from now on."""
        self._tags.update(tags)

    def landed(self, landed: Landed, seconds: float) -> None:
        self._lag_to_tell.add(landed.topic)
        entry = self._raw.setdefault(raw_key(landed.raw_table), _Sums())
        lost = sum(window.end - window.first for window in landed.lost)
        entry.add(rows=landed.row_count, batches=1, lost_offsets=lost)
        entry.latest["turn_seconds"] = round(seconds, 3)
        entry.latest["batch_id"] = landed.batch_id
        for window in landed.windows:
            entry.latest[f"next_offset_{window.partition.number}"] = window.end
        if landed.opened_life is not None:
            entry.latest["topic_life"] = landed.opened_life

    def lag(self, lag: Mapping[str, int]) -> None:
        """Told of topics that land something, or have something that did not land."""
        self._lag_to_tell |= {topic for topic, behind in lag.items() if behind or self._lag.get(topic)}
        self._lag.update(lag)

    def tables(
        self,
        row_counts: Mapping[dg.AssetKey, int],
        previews: Mapping[dg.AssetKey, Mapping[str, dg.MetadataValue]],
    ) -> None:
        self._row_counts.update(row_counts)
        self._previews.update(previews)

    def model(self, result: ModelResult) -> None:
        if result.succeeded:
            entry = self._models.setdefault(result.asset_key, _Sums())
            entry.add(builds=1, build_seconds=result.seconds, rows_written=result.rows or 0)
            entry.latest |= result.how
        self.check(
            dg.AssetCheckEvaluation(
                asset_key=result.asset_key,
                check_name=IS_BUILT,
                passed=result.succeeded,
                description=None if result.succeeded else as_block(result.message),
                metadata={"status": result.status},
            )
        )

    def cannot_be_planned(self, models: Iterable[dg.AssetKey], trouble: str) -> None:
        """None of them is built until dbt can render the project again."""
        for key in models:
            self.check(
                dg.AssetCheckEvaluation(
                    asset_key=key, check_name=IS_BUILT, passed=False, description=as_block(trouble)
                )
            )

    def raw_check(self, result: CheckResult) -> None:
        self.check(
            dg.AssetCheckEvaluation(
                asset_key=raw_key(result.raw_table),
                check_name=result.name,
                passed=result.passed,
                severity=dg.AssetCheckSeverity.WARN if result.is_warning else dg.AssetCheckSeverity.ERROR,
                metadata=dict(result.metadata),
            )
        )

    def readable(self, looked_at: Set[str], troubles: Mapping[str, NeedsAttention]) -> None:
        """Of the raw tables that were looked at: whether what their topics hold can be read."""
        unreadable = {BY_NAME[topic].raw_table: error for topic, error in troubles.items()}
        for table in looked_at | self._unreadable | set(unreadable):
            error = unreadable.get(table)
            self.check(
                dg.AssetCheckEvaluation(
                    asset_key=raw_key(table),
                    check_name=READABLE,
                    passed=error is None,
                    description=None if error is None else as_block(str(error)),
                )
            )
        self._unreadable = set(unreadable)

    def alert(self, alert: PriceAlert) -> None:
        self._alerts.append(alert)

    def check(self, evaluation: dg.AssetCheckEvaluation) -> None:
        self._checks[evaluation.asset_check_key] = evaluation

    def events(self, *, everything: bool = False, all_raw: bool = False) -> Iterator[Event]:
        """What is due now; at the end of a run, everything that is left. A run that is relieved tells all
        that landed; of models the next one tells more soon."""
        now = time.monotonic()
        while self._alerts:
            yield dg.AssetObservation(ALERTS, metadata=self._alerts.pop(0).metadata)
        for name in sorted(self._lag_to_tell & self._lag.keys()):
            key = topic_key(BY_NAME[name])
            if everything or self._is_due(key, now):
                self._asset_told[key] = now
                self._lag_to_tell.discard(name)
                yield dg.AssetObservation(key, metadata={"lag": self._lag[name]})
        for gathered in (self._raw, self._models):
            is_whole = everything or (all_raw and gathered is self._raw)
            for key, sums in list(gathered.items()):
                if is_whole or (self._is_due(key, now) and not self._waits_for_rows(key)):
                    self._asset_told[key] = now
                    self._told_by_us.add(key)
                    del gathered[key]
                    yield dg.AssetMaterialization(
                        key, metadata=self._metadata(key, sums), tags=self._tags.get(key)
                    )
        yield from self._due_checks(now)

    def _is_due(self, key: dg.AssetKey, now: float) -> bool:
        seconds = self._asset_seconds
        if key in self._watched:
            seconds = min(seconds, WATCHED_SECONDS)
        return now - self._asset_told.get(key, float("-inf")) >= seconds

    def _waits_for_rows(self, key: dg.AssetKey) -> bool:
        """A table's report stays on its page for minutes: the first has its rows and its picture, too."""
        return key in self._counted and key not in self._row_counts

    def _metadata(self, key: dg.AssetKey, sums: _Sums) -> dict[str, Metadata]:
        found: dict[str, Metadata] = {name: round(value, 3) for name, value in sums.sums.items()}
        found |= sums.latest
        if key in self._row_counts:
            found["dagster/row_count"] = self._row_counts[key]
        found |= self._previews.get(key, {})  # the UI shows the latest report, so each has it
        return found

    def _due_checks(self, now: float) -> Iterator[dg.AssetCheckEvaluation]:
        unknown = self._checks.keys() - self._colours.keys()
        if unknown:
            self._colours |= dict.fromkeys(unknown) | dict(self._told_colours(unknown))
        for key, evaluation in list(self._checks.items()):
            if self._is_check_due(evaluation, now):
                self._check_told[key] = now
                self._colours[key] = evaluation.passed
                yield evaluation
            elif key not in self._check_told:
                continue  # it waits for its asset
            del self._checks[key]

    def _is_check_due(self, evaluation: dg.AssetCheckEvaluation, now: float) -> bool:
        key = evaluation.asset_check_key
        if self._colours[key] != evaluation.passed:
            return True
        told_at = self._check_told.get(key)
        if told_at is None:
            return key.asset_key in self._told_by_us
        return now - told_at >= self._check_seconds
