"""How far the models of a plan have come, and what is new to each of them.

parents' progress ─▶ Job: the batches (through, building] ─▶ built, or only moved up

A model stamps what it writes with the batch it builds to. So what it last wrote bounds what is new to its
children, and a model that nothing is new to costs no query: it is settled with the others.
"""

import re
from dataclasses import dataclass

from ingest.core.topics import BY_RAW_TABLE
from orchestration.dbt.plan import BUILDING_THROUGH, BUILT_THROUGH, SLICE, Plan, PlannedModel, View
from orchestration.micro_batch.due_models import Pending

# Besides its own progress and what its parents noted, a model that reads ops reads what batches of its topics
# have brought there.
READS_OPS = re.compile(r"\bops\.(?!vanished_|model_progress)\w")
SOURCE = "source."


@dataclass(slots=True)
class Job:
    """One model in one turn: the batches that it has not built."""

    model: PlannedModel
    through: int
    building: int
    is_quiet: bool
    """They hold nothing for it: it only moves up."""
    is_first: bool
    """Its tables are not there yet."""
    keys: int = 0
    rows_before: int = 0
    rows: int = 0
    seconds: float = 0.0

    @property
    def has_written(self) -> bool:
        """Whether there may be something new in it for its children. A view is as new as its parents."""
        return self.keys > 0 or (isinstance(self.model.statements, View) and not self.is_quiet)

    def filled(self, statement: str, slice_number: int = 0) -> str:
        """With literals, of the columns' own type, an engine sees which blocks it can pass over."""
        return (
            statement.replace(BUILT_THROUGH, f"cast({self.through} as bigint)")
            .replace(BUILDING_THROUGH, f"cast({self.building} as bigint)")
            .replace(SLICE, str(slice_number))
        )


class Progress:
    """Of all models; what a transaction moves counts when it is committed."""

    def __init__(self, plan: Plan) -> None:
        self._models = plan.models
        self._reads_ops = {uid for uid, model in plan.models.items() if READS_OPS.search(model.compiled)}
        self._pending: Pending | None = None
        self._built: dict[str, int] = {}
        self._wrote: dict[str, int] = {}
        """At most this batch is the stamp of any row of the model, and of what it noted of vanished rows."""
        self._moved: dict[str, Job] = {}

    def take_over(self, pending: Pending) -> None:
        """As the warehouse has it now. Whom somebody else moved may have written anything."""
        self._wrote = {
            uid: self._wrote.get(uid, built) if self._built.get(uid) == built else built
            for uid, built in pending.built.items()
        }
        self._built = dict(pending.built)
        self._pending = pending

    def job(self, model: PlannedModel) -> Job | None:
        """What there is to do for a model; None: it stands where its parents do."""
        through, is_first = self._through(model.unique_id), model.unique_id not in self._built
        building = min((self._through(parent) for parent in model.parents), default=0)
        if building <= through and not is_first:
            return None
        return Job(model, through, building, not is_first and self._is_quiet(model, through), is_first)

    def move(self, job: Job) -> None:
        """Within the transaction that is open."""
        self._moved[job.model.unique_id] = job

    def commit(self) -> None:
        for uid, job in self._moved.items():
            self._wrote[uid] = self._written(uid)
            self._built[uid] = job.building
        self._moved = {}

    def roll_back(self) -> None:
        self._moved = {}

    def _through(self, uid: str) -> int:
        if uid.startswith(SOURCE):
            return self._newest.newest_batch
        job = self._moved.get(uid)
        return self._built.get(uid, 0) if job is None else job.building

    def _written(self, uid: str) -> int:
        if uid.startswith(SOURCE):
            return self._landed(uid)
        job = self._moved.get(uid)
        return self._wrote.get(uid, 0) if job is None or not job.has_written else job.building

    def _is_quiet(self, model: PlannedModel, through: int) -> bool:
        newest = max((self._written(parent) for parent in model.parents), default=0)
        if model.unique_id in self._reads_ops:
            newest = max(newest, self._newest.newest.get(model.unique_id, 0))
        return newest <= through

    def _landed(self, source: str) -> int:
        """The newest batch of a raw table's topic; of what is no raw table, of all."""
        topic = BY_RAW_TABLE.get(source.rpartition(".")[2])
        everything = self._newest.newest_batch
        return everything if topic is None else self._newest.newest_of_topics.get(topic.name, 0)

    @property
    def _newest(self) -> Pending:
        assert self._pending is not None  # noqa: S101  (take_over comes first)
        return self._pending
