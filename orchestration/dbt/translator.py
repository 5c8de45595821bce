"""Every rule from dbt to Dagster's assets: keys, groups, tags."""

from collections.abc import Mapping
from typing import Any

from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

BUILT_BY = (
    "by the run `micro_batch`. The sensor `kafka_backlog` keeps that going; none of Dagster's own "
    "automations is needed."
)
HOW_OFTEN = {"live": "each turn", "minute": "each minute", "hour": "each hour", "day": "each day"}


class TickhouseTranslator(DagsterDbtTranslator):
    """Keys are [schema, name], so that an asset is named as its table is in the warehouse."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer for staging and intermediate, the business area for marts."""
        if dbt_resource_props["resource_type"] == "source":
            return "raw"
        folders: list[str] = dbt_resource_props["fqn"][1:-1]
        return folders[-1] if folders[0] == "marts" and len(folders) > 1 else folders[0]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """With what builds it: Dagster's page says that there are no automations, and means its own."""
        often = HOW_OFTEN.get(dbt_resource_props.get("config", {}).get("meta", {}).get("cadence"))
        said = dbt_resource_props["description"].rstrip()
        if often:
            said += f"\n\nBuilt {often} that brings it something, {BUILT_BY}"
        return super().get_description({**dbt_resource_props, "description": said})

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        cadence = dbt_resource_props.get("config", {}).get("meta", {}).get("cadence")
        return {**super().get_tags(dbt_resource_props), **({"cadence": cadence} if cadence else {})}
