"""How long messages take, from the warehouse's own stamps.

marts.fct_feed_latency        per span of the way: percentiles of the newest minute, of the slowest market
raw.* of the batches since    ─▶ Landings, a histogram that only grows: Kafka's stamp to the commit
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.core.topics import BY_NAME
from ingest.warehouse.connection import Connection, is_built

LATENCY = "marts.fct_feed_latency"
SPANS = ("event_to_received", "received_to_published", "published_to_landed")
STATISTICS = ("p50", "p95", "max")
LANDING_SECONDS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""The upper bounds of the histogram's buckets."""
LOOKS_BACK = "interval '10 minutes'"
"""After a longer time without a scrape the histogram goes on from there: a look stays short."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Of the slowest market of a topic, in its newest minute."""

    topic: str
    span: str
    statistic: str
    seconds: float


def read_latencies(connection: Connection) -> Sequence[Latency]:
    """Of each topic's newest minute, which may be filling still."""
    if not is_built(connection, LATENCY):
        return []
    names = [(span, statistic) for span in SPANS for statistic in STATISTICS]
    columns = ", ".join(f"max({span}_{statistic}_ms) / 1000.0" for span, statistic in names)
    rows = connection.execute(
        f"""select kafka_topic, {columns}
            from {LATENCY} inner join (
                select kafka_topic, max(window_start_at) as window_start_at
                from {LATENCY} group by kafka_topic
            ) as newest using (kafka_topic, window_start_at)
            group by kafka_topic order by kafka_topic"""
    ).fetchall()
    return [
        Latency(topic, span, statistic, float(seconds))
        for topic, *values in rows
        for (span, statistic), seconds in zip(names, values, strict=True)
        if seconds is not None
    ]


@dataclass(slots=True)
class Histogram:
    """Of one topic, since this process began to count."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(LANDING_SECONDS) + 1))
    """Per bucket, the last one without a bound; each message in one of them."""
    sum_seconds: float = 0.0

    def add(self, counts: Iterable[int], seconds: float) -> None:
        self.counts = [mine + more for mine, more in zip(self.counts, counts, strict=True)]
        self.sum_seconds += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus has them: how many took at most so long."""
        bounds = [str(bound) for bound in LANDING_SECONDS] + ["+Inf"]
        return [(bound, float(sum(self.counts[: at + 1]))) for at, bound in enumerate(bounds)]


class Landings:
    """Counts what lands, batch after batch, each message once."""

    def __init__(self) -> None:
        self.histograms: dict[str, Histogram] = {}
        self._counted_through: int | None = None

    def read(self, connection: Connection) -> None:
        """Count the batches since the last look; the first look only notes where counting begins."""
        newest = connection.execute("select coalesce(max(batch_id), 0) from ops.batches").fetchone()[0]
        if self._counted_through is not None and newest > self._counted_through:
            since = self._first_recent(connection, self._counted_through)
            for topic, counts, seconds in _landed(connection, since, newest):
                self.histograms.setdefault(topic, Histogram()).add(counts, seconds)
        self._counted_through = newest

    @staticmethod
    def _first_recent(connection: Connection, counted_through: int) -> int:
        """The batch after which to count."""
        row = connection.execute(
            f"""select min(batch_id) - 1 from ops.batches where batch_id > ? and committed_at >=
                (select max(committed_at) - {LOOKS_BACK} from ops.batches)""",
            [counted_through],
        ).fetchone()
        return row[0] if row[0] is not None else counted_through


def _landed(connection: Connection, after: int, through: int) -> Iterable[tuple[str, Sequence[int], float]]:
    """Per topic: messages per bucket, and their seconds together."""
    topics = [
        name
        for (name,) in connection.execute(
            "select distinct topic from ops.windows where batch_id > ? and batch_id <= ? and row_count > 0",
            [after, through],
        ).fetchall()
        if name in BY_NAME
    ]
    for topic in topics:
        yield topic, *_of_topic(connection, topic, after, through)


def _of_topic(connection: Connection, topic: str, after: int, through: int) -> tuple[Sequence[int], float]:
    took = "greatest(0, datediff('millisecond', published_at, landed_at)) / 1000.0"
    bounds = " ".join(f"when took <= {bound} then {at}" for at, bound in enumerate(LANDING_SECONDS))
    rows = connection.execute(
        f"""select case {bounds} else {len(LANDING_SECONDS)} end as bucket, count(*), sum(took)
            from (select {took} as took from raw.{BY_NAME[topic].raw_table}
                  where batch_id > ? and batch_id <= ?) as landed
            where took is not null group by 1""",
        [after, through],
    ).fetchall()
    counts: Mapping[int, int] = {bucket: count for bucket, count, _ in rows}
    return [counts.get(at, 0) for at in range(len(LANDING_SECONDS) + 1)], float(sum(row[2] for row in rows))
