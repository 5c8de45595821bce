"""The names, units and help texts of what Prometheus scrapes, in one place.

Reading ─▶ one function per room ─▶ metric families
"""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from ingest.core.topics import BY_NAME
from ingest.metrics.reading import Reading
from ingest.operations.status import Status, TopicStatus


def families(reading: Reading) -> Iterator[Metric]:
    """Everything, in the order of the page."""
    yield _gauge("tickhouse_reading_age_seconds", "Age of these values: they are old while others build.",
                 reading.age_seconds)  # fmt: skip
    yield _gauge("tickhouse_reading_duration_seconds", "How long it took to read them.", reading.took_seconds)
    yield from _of_topics(reading.status, reading.read_timestamp)
    yield from _of_instance(reading.status)
    yield _rejected(reading)
    yield from _of_models(reading)
    yield _latencies(reading)
    yield _landings(reading)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _of_topics(status: Status, read_at: float) -> Iterator[Metric]:
    def family(name: str, text: str, value: Callable[[TopicStatus], float | None]) -> Metric:
        found = GaugeMetricFamily(f"tickhouse_topic_{name}", text, labels=["topic"])
        for topic in status.topics:
            if (number := value(topic)) is not None:
                found.add_metric([topic.topic], number)
        return found

    yield family("end_offset", "The sum of the end offsets of the topic's partitions.", lambda t: t.end)
    yield family("landed_offset", "The sum of its partitions' landed positions.", lambda t: t.landed)
    yield family("lag_messages", "Messages in Kafka that have not landed.", lambda t: t.lag)
    yield family("lost_messages", "Messages that Kafka dropped before they landed.", lambda t: t.lost)
    yield family(
        "newest_message_timestamp_seconds",
        "When the newest message that has landed was published.",
        lambda t: None if t.newest_seconds is None else read_at - t.newest_seconds,
    )
    yield family(
        "fresh_within_seconds",
        "The topic is late when its newest message is older.",
        lambda t: BY_NAME[t.topic].fresh_within.total_seconds(),
    )


def _of_instance(status: Status) -> Iterator[Metric]:
    is_away = any(topic.state == "broker away" for topic in status.topics)
    yield _gauge("tickhouse_broker_up", "Whether Kafka answers: 1 or 0.", 0 if is_away else 1)
    yield _gauge("tickhouse_looping_runs", "Micro-batch runs whose processes live.", len(status.looping_runs))
    yield _gauge("tickhouse_disk_free_bytes", "Free on the disk of TICKHOUSE_HOME.", status.free_bytes)
    if status.warehouse_bytes is not None:
        yield _gauge("tickhouse_warehouse_size_bytes", "Of the warehouse's file.", status.warehouse_bytes)


def _rejected(reading: Reading) -> Metric:
    family = GaugeMetricFamily(
        "tickhouse_topic_rejected_messages",
        "Messages that staging refused, as long as raw keeps them.",
        labels=["topic", "reason"],
    )
    for rejected in reading.rejected:
        family.add_metric([rejected.topic, rejected.reason], rejected.count)
    return family


def _of_models(reading: Reading) -> Iterator[Metric]:
    behind = GaugeMetricFamily(
        "tickhouse_model_batches_behind",
        "Batch numbers between what the model has built and the newest batch of its topics.",
        labels=["model"],
    )
    built = GaugeMetricFamily(
        "tickhouse_model_built_timestamp_seconds", "When the model was last built.", labels=["model"]
    )
    cadence = GaugeMetricFamily(
        "tickhouse_model_cadence_seconds",
        "How long a model with work waits before it is built again; 0: until the next turn.",
        labels=["model"],
    )
    for model in reading.models:
        cadence.add_metric([model.name], reading.cadences[model.cadence])
        behind.add_metric([model.name], model.batches_behind)
        built.add_metric([model.name], model.built_at.timestamp())
    yield from (behind, built, cadence)


def _latencies(reading: Reading) -> Metric:
    family = GaugeMetricFamily(
        "tickhouse_feed_latency_seconds",
        "A part of the way of the topic's messages, in its newest minute, of its slowest market.",
        labels=["topic", "span", "statistic"],
    )
    for latency in reading.latencies:
        family.add_metric([latency.topic, latency.span, latency.statistic], latency.seconds)
    return family


def _landings(reading: Reading) -> Metric:
    family = HistogramMetricFamily(
        "tickhouse_landing_latency_seconds",
        "From Kafka's stamp of a message to its landing; of what landed since this exporter started.",
        labels=["topic"],
    )
    for topic, histogram in reading.landings.items():
        family.add_metric([topic], histogram.buckets(), histogram.sum_seconds)
    return family
