"""Every mart as a target, and a dictionary that follows them turn by turn."""

from collections import Counter
from collections.abc import Collection, Sequence

from ingest.sinks.changes import ChangeFeed
from ingest.sinks.protocol import deliver
from ingest.sinks.targets import Target
from ingest.warehouse.models import Model
from tests.dbt.trial import Trial
from tests.sinks.memory import MemorySink


def every_table(models: Sequence[Model], chosen: Collection[str]) -> list[Target]:
    """Each mart's rows, and where it has markets and times also their newest; views whole."""
    marts = [m for m in models if m.schema == "marts" and m.name in chosen]
    rows = [Target(m.name, f"rows_of_{m.name}", m.affected_key) for m in marts if not m.is_view]
    newest = [
        Target(m.name, f"newest_of_{m.name}", ("venue", "symbol"), "latest", newest_by=("window_start_at",))
        for m in marts
        if {"venue", "symbol", "window_start_at"} == set(m.affected_key)
    ]
    return rows + newest + [Target(m.name, f"all_of_{m.name}", (), "whole") for m in marts if m.is_view]


class Follower:
    """A store that is kept up to date by hand."""

    def __init__(self, models: Sequence[Model], targets: Sequence[Target], limit: int = 100_000) -> None:
        self._models = {model.name: model for model in models}
        self._limit = limit
        self.sink = MemorySink(targets)

    def turn(self, trial: Trial, *, kept_longer: bool = False) -> None:
        """Build, follow, and look: the store may only hold more where it keeps rows longer."""
        trial.must_run()
        self.follow(trial)
        self.check(trial, kept_longer=kept_longer)

    def follow(self, trial: Trial, pieces: int = 1000) -> int:
        """Write what each target lacks, at most so many pieces of each; how many were written."""
        feed = ChangeFeed(trial.connection, self._models)
        written = 0
        for target in self.sink.targets:
            for _ in range(pieces):
                changes = feed.changes(target, self.sink.state(target), self._limit)
                if changes is None:
                    break
                deliver(self.sink, changes)
                written += 1
        return written

    def check(self, trial: Trial, *, kept_longer: bool = False) -> None:
        """Rows that only the mart has, by target, and those that only the store has: there are none."""
        feed = ChangeFeed(trial.connection, self._models)
        found = {}
        for target in self.sink.targets:
            if feed.schema(target) is not None:
                told = Counter(trial.rows(feed.all_rows(target)))
                held = self.sink.held(target)
                more = Counter() if kept_longer else held - told
                found[target.name] = [*(told - held).elements(), *more.elements()]
        unlike = {name: rows for name, rows in found.items() if rows}
        assert not unlike, f"the store holds something else: {unlike}"
