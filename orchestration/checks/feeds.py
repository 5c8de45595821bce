"""Is the exchange heard? The health that a live feed's process writes down, on the topics that it fills.

TICKHOUSE_HOME/feeds ─▶ sensor, each few seconds ─▶ when it changes: observation and check of each topic

A sensor and not the micro-batch run: a feed that is not connected sends nothing, and no run would look.
"""

import json
from collections.abc import Iterator, Mapping

import dagster as dg

from ingest.core.settings import load_settings
from ingest.core.topics import BY_NAME
from ingest.feeds.binance.channels import STREAM_OF_CHANNEL, TOPIC_OF_CHANNEL
from ingest.feeds.health import FeedHealth, read_feeds
from orchestration.keys import topic_key

CHECK = "feed_is_connected"
LIVE_TOPICS = (
    *dict.fromkeys(TOPIC_OF_CHANNEL[channel] for channel in STREAM_OF_CHANNEL),
    *("coinbase.books", "coinbase.trades", "kraken.books", "kraken.trades"),
)
NO_FEED = "No live feed of this home publishes it now."
Told = Mapping[str, str]
"""Of each topic: "" where all is well, or what is wrong."""


def by_topic(feeds: list[FeedHealth]) -> dict[str, FeedHealth]:
    """Of several that fill a topic the one that has a problem."""
    ranked = sorted(feeds, key=lambda feed: feed.problem is not None)
    return {topic: feed for feed in ranked for topic in feed.topics if topic in LIVE_TOPICS}


def evaluation(topic: str, feed: FeedHealth | None) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=topic_key(BY_NAME[topic]),
        check_name=CHECK,
        passed=feed is None or feed.problem is None,
        metadata={"feed": dg.MetadataValue.text(f"{feed.feed}: {feed}" if feed else NO_FEED)},
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(CHECK, asset=topic_key(BY_NAME[topic]), description="The exchange is heard.")
        for topic in LIVE_TOPICS
    ],
    name="feeds_connected",
    can_subset=True,
)
def feed_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """The same, when somebody asks."""
    feeds = by_topic(read_feeds(load_settings()))
    for key in context.selected_asset_check_keys:
        found = evaluation(key.asset_key.path[-1], feeds.get(key.asset_key.path[-1]))
        yield dg.AssetCheckResult(
            asset_key=key.asset_key, check_name=CHECK, passed=found.passed, metadata=found.metadata
        )


@dg.sensor(
    name="feeds_connected",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=3,
    description="Tells on their topics when live feeds lose the exchange, and when they have it again.",
)
def feeds_connected(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """The cursor is what was told of each topic."""
    told: Told = json.loads(context.cursor or "{}")
    feeds = by_topic(read_feeds(load_settings()))
    now = {topic: feed.problem or "" for topic, feed in feeds.items()}
    changed = [topic for topic in {**told, **now} if told.get(topic) != now.get(topic)]
    if not changed:
        return dg.SkipReason("Nothing has changed.")
    events: list[dg.AssetObservation | dg.AssetMaterialization | dg.AssetCheckEvaluation] = []
    for topic in changed:
        found = evaluation(topic, feeds.get(topic))
        events += [dg.AssetObservation(found.asset_key, metadata=found.metadata), found]
    return dg.SensorResult(asset_events=events, cursor=json.dumps(now))


def defs() -> dg.Definitions:
    return dg.Definitions(asset_checks=[feed_checks], sensors=[feeds_connected])
