"""What runs reported as committed, so that the sensor need not ask a warehouse that bills each question.

run ends well ─▶ tag of its record ─▶ cursor of the sensor ─▶ against Kafka's end offsets

Positions only grow: what a run reported is a lower bound, whatever lands since. After a run that did not end
well nothing is known: the next one asks the warehouse.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from ingest.warehouse.protocol import TopicPositions

TAG = "tickhouse/committed"
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True, slots=True)
class Committed:
    """How things stood when a run ended."""

    positions: Mapping[str, TopicPositions]
    due_at: float | None = None
    """When a slower model is to be built, which has work already; in seconds since 1970."""

    def as_text(self) -> str:
        topics = {
            at.topic: [at.life, at.topic_id, {str(n): end for n, end in sorted(at.next_offsets.items())}]
            for at in self.positions.values()
        }
        return json.dumps({"topics": topics, "due_at": self.due_at}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "Committed":
        read = json.loads(text)
        positions = {
            name: TopicPositions(name, life, topic_id, {int(n): end for n, end in ends.items()})
            for name, (life, topic_id, ends) in read["topics"].items()
        }
        return cls(positions, read["due_at"])


def remember(instance: dg.DagsterInstance, run_id: str, committed: Committed) -> None:
    instance.add_run_tags(run_id, {TAG: committed.as_text()})


def last_ended(instance: dg.DagsterInstance, job_name: str) -> dg.RunRecord | None:
    """The newest run of the job that has ended."""
    filters = dg.RunsFilter(job_name=job_name, statuses=ENDED)
    return next(iter(instance.get_run_records(filters, limit=1)), None)


def known(last: dg.RunRecord | None, cursor: str | None) -> str | None:
    """What the sensor goes by, as text for its cursor; None: it knows nothing. Records are forgotten after
    some days, the cursor is not."""
    if last is None:
        return cursor
    if last.dagster_run.status is not dg.DagsterRunStatus.SUCCESS:
        return None
    return last.dagster_run.tags.get(TAG)
