"""What to read next: whatever becomes of a topic, its windows follow each other without gap or overlap."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ingest.core.topics import Topic
from ingest.core.window import Bounds
from ingest.drain.plan import Plan, current_life, plan
from ingest.kafka.log import TopicState
from ingest.warehouse.protocol import TopicPositions

TOPIC = Topic("t", "t", "A topic.")
AT = datetime(2026, 1, 1, tzinfo=UTC)
UNSEEN = TopicPositions("t", 0, None, {})


class Clock:
    """A log that knows where times begin."""

    def __init__(self, offsets: Mapping[int, int] | None = None) -> None:
        self._offsets = offsets

    def offsets_at(self, topic: str, partitions: list[int], at: datetime) -> dict[int, int]:
        assert self._offsets is not None, "nobody should ask for times"
        assert (topic, at) == (TOPIC.name, AT)
        return {number: self._offsets[number] for number in partitions}


def state(topic_id: str | None = "a", **bounds: tuple[int, int]) -> TopicState:
    """`p0=(0, 10)`: partition 0 holds [0, 10)."""
    return TopicState("t", topic_id, {int(name[1:]): Bounds(*found) for name, found in bounds.items()})


def landed(topic_id: str | None = "a", life: int = 1, **positions: int) -> TopicPositions:
    return TopicPositions("t", life, topic_id, {int(name[1:]): at for name, at in positions.items()})


def planned(
    state: TopicState, landed: TopicPositions, topic: Topic = TOPIC, clock: Clock | None = None
) -> Plan:
    return plan(topic, state, landed, clock or Clock())


def skipped(found: Plan) -> dict[int, tuple[int, int]]:
    return {records.partition: (records.first, records.end) for records in found.skipped}


# --- where each partition goes on ----------------------------------------------------------------


def test_a_topic_never_seen_begins_where_the_log_begins() -> None:
    found = planned(state(p0=(3, 10), p1=(0, 0)), UNSEEN)
    assert (found.life, found.life_reason) == (1, "first seen")
    assert (found.windows, skipped(found)) == ({0: (3, 10)}, {1: (0, 0)})
    assert found.positions == {0: None, 1: None}


def test_a_landed_topic_goes_on_at_its_positions() -> None:
    found = planned(state(p0=(0, 10), p1=(0, 5)), landed(p0=7, p1=5))
    assert (found.windows, skipped(found)) == ({0: (7, 10)}, {})
    assert found.has_work
    assert not planned(state(p0=(0, 7)), landed(p0=7)).has_work


def test_latest_begins_at_the_end_and_writes_the_place_down() -> None:
    found = planned(state(p0=(0, 10)), UNSEEN, replace(TOPIC, start_from="latest"))
    assert (found.windows, skipped(found)) == ({}, {0: (10, 10)})


def test_a_time_begins_where_the_log_says() -> None:
    since = replace(TOPIC, start_from=AT)
    found = planned(state(p0=(0, 10), p1=(0, 4)), UNSEEN, since, Clock({0: 6, 1: 4}))
    assert (found.windows, skipped(found)) == ({0: (6, 10)}, {1: (4, 4)})


def test_start_from_is_for_topics_never_seen_before() -> None:
    """What is written to a new partition, or to the next life, of a topic we follow was never landed."""
    late = replace(TOPIC, start_from="latest")
    new_partition = planned(state(p0=(0, 7), p1=(0, 4)), landed(p0=7), late)
    next_life = planned(state("b", p0=(0, 4)), landed(p0=7), late)
    assert new_partition.windows == {1: (0, 4)}
    assert (next_life.life, next_life.windows) == (2, {0: (0, 4)})


def test_where_retention_passed_the_position_reading_begins_behind_it() -> None:
    found = planned(state(p0=(6, 10), p1=(9, 9)), landed(p0=4, p1=5))
    assert (found.windows, skipped(found)) == ({0: (6, 10)}, {1: (9, 9)})
    assert found.positions == {0: 4, 1: 5}


# --- lives ---------------------------------------------------------------------------------------


def test_another_id_is_another_life_even_with_the_same_offsets() -> None:
    found = planned(state("b", p0=(0, 7)), landed(p0=7))
    assert (found.life, found.windows, found.positions) == (2, {0: (0, 7)}, {0: None})
    assert "a became b" in found.life_reason


def test_a_log_that_ends_before_the_position_is_another_life_whatever_its_id() -> None:
    life, reason = current_life(state(p0=(0, 6), p1=(0, 5)), landed(p0=7, p1=5))
    assert (life, reason) == (2, "partition 0 ends at 6, before the landed position 7")


def test_a_broker_that_tells_no_ids_opens_no_lives() -> None:
    assert current_life(state(None, p0=(0, 9)), landed("a", p0=7))[0] == 1
    assert current_life(state("a", p0=(0, 9)), landed(None, p0=7))[0] == 1


# --- any history ---------------------------------------------------------------------------------


@dataclass
class Partition:
    start: int = 0
    end: int = 0


class AnyHistory(RuleBasedStateMachine):
    """A broker and a warehouse; the warehouse takes some of each plan, as the drain does batch by batch."""

    def __init__(self) -> None:
        super().__init__()
        self.topic_id = 1
        self.partitions = [Partition()]
        self.landed = UNSEEN
        self.covered: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.lives: dict[int, int] = {}

    def state(self) -> TopicState:
        bounds = {number: Bounds(p.start, p.end) for number, p in enumerate(self.partitions)}
        return TopicState("t", str(self.topic_id), bounds)

    @rule(number=st.integers(0, 3), count=st.integers(1, 20))
    def publish(self, number: int, count: int) -> None:
        self.partitions[number % len(self.partitions)].end += count

    @rule(number=st.integers(0, 3), count=st.integers(1, 20))
    def retain_less(self, number: int, count: int) -> None:
        partition = self.partitions[number % len(self.partitions)]
        partition.start = min(partition.end, partition.start + count)

    @precondition(lambda self: len(self.partitions) < 4)
    @rule()
    def add_partition(self) -> None:
        self.partitions.append(Partition())

    @rule(count=st.integers(1, 3))
    def create_again(self, count: int) -> None:
        self.topic_id += 1
        self.partitions = [Partition() for _ in range(count)]

    @rule(taken=st.integers(1, 40))
    def drain(self, taken: int) -> None:
        """At most so many offsets of each partition are landed before something happens again."""
        found = plan(TOPIC, self.state(), self.landed, Clock())
        if not found.has_work:
            return
        ends = {number: min(end, first + taken) for number, (first, end) in found.windows.items()}
        starts = {number: first for number, (first, _) in found.windows.items()} | {
            records.partition: records.first for records in found.skipped
        }
        ends |= {records.partition: records.end for records in found.skipped}
        for number, end in ends.items():
            stretches = self.covered.setdefault((found.life, number), [])
            at = found.positions[number]
            if at is not None and at < starts[number]:
                stretches.append((at, starts[number]))  # lost, and written down as such
            stretches.append((starts[number], end))
        known = self.landed.next_offsets if found.life == self.landed.life else {}
        self.landed = TopicPositions("t", found.life, found.topic_id, {**known, **ends})
        self.lives.setdefault(self.topic_id, found.life)

    @invariant()
    def nothing_is_read_twice_or_skipped(self) -> None:
        for (life, number), stretches in self.covered.items():
            for before, after in pairwise(stretches):
                assert before[1] == after[0]
            if life == self.landed.life:
                assert stretches[-1][1] == self.landed.next_offsets[number]

    @invariant()
    def no_two_topics_share_a_life(self) -> None:
        assert len(set(self.lives.values())) == len(self.lives)

    def teardown(self) -> None:
        """Left alone, it catches up in one more go."""
        self.drain(10**9)
        assert not plan(TOPIC, self.state(), self.landed, Clock()).has_work
        if self.landed.topic_id == str(self.topic_id):
            assert self.landed.next_offsets == {n: p.end for n, p in enumerate(self.partitions)}


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
