"""What Dagster compares to say whether an asset is stale: the code it was built by, not when it was told of.

The loop brings every model up to date in each turn and tells of it seldom. By the order of its reports,
Dagster would call what was told first "Unsynced". So all data has one version: amber means changed code.
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from ingest.core.topics import TOPICS
from orchestration.dbt.plan import Plan
from orchestration.keys import raw_key, topic_key

CURRENT = dg.DataVersion("INITIAL")
"""Dagster's own word for data that nobody numbered: an input without a report counts as unchanged."""

NO_EVENT = "NULL"
"""Dagster knows an input only if it is pointed at, though nothing is read from there."""

WITHOUT_CODE_VERSION = "none"

Tags = Mapping[str, str]


def version_tags(deps: Iterable[dg.AssetKey], code_version: str = WITHOUT_CODE_VERSION) -> dict[str, str]:
    """Of a report that Dagster does not tag itself, because it belongs to no output of a step."""
    tags = {"dagster/code_version": code_version, "dagster/data_version": CURRENT.value}
    for key in deps:
        tags[f"dagster/input_data_version/{key.to_user_string()}"] = CURRENT.value
        tags[f"dagster/input_event_pointer/{key.to_user_string()}"] = NO_EVENT
    return tags


def raw_tags() -> dict[dg.AssetKey, Tags]:
    return {raw_key(topic.raw_table): version_tags([topic_key(topic)]) for topic in TOPICS}


def model_tags(plan: Plan) -> dict[dg.AssetKey, Tags]:
    return {
        dg.AssetKey(asset.key): version_tags(
            map(dg.AssetKey, asset.deps), asset.code_version or WITHOUT_CODE_VERSION
        )
        for asset in plan.assets.values()
    }
