"""The names under which the UI knows things: one place, for definitions and for what the loop reports."""

import dagster as dg

from ingest.core.topics import Topic

IS_BUILT = "is_built"
"""The check of each model: did its last build go through?"""

READABLE = "readable"
"""The check of each raw table: can what its topic holds be read?"""

EQUALS_REBUILD = "equals_rebuild"
"""The nightly check of each model: is it what building everything anew gives?"""


def topic_key(topic: Topic) -> dg.AssetKey:
    return dg.AssetKey(["kafka", topic.name])


def raw_key(raw_table: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", raw_table])


def poll_key(dataset: str) -> dg.AssetKey:
    return dg.AssetKey(["binance_rest", dataset])


def sink_key(sink: str, name: str) -> dg.AssetKey:
    return dg.AssetKey([sink, name])


POOL = "duckdb"
"""Batch jobs that use the warehouse run one after the other; the micro-batch run is not in it."""

OWNERS = ["data-platform@tickhouse.invalid"]
