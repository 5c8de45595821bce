"""Amber in the UI means changed code: never that an asset was told of before what it is made from."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from orchestration.assets import models, raw, topics
from orchestration.data_versions import Tags, model_tags, raw_tags
from orchestration.dbt.plan import Plan
from orchestration.dbt.plans import current_plan
from orchestration.micro_batch.report import Report

TRADES, STAGED = dg.AssetKey(["marts", "fct_trades"]), dg.AssetKey(["staging", "stg_binance__trades"])


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def stale(instance: dg.DagsterInstance) -> dict[dg.AssetKey, list[str]]:
    """What the UI shows in amber, and why."""
    merged = dg.Definitions.merge(topics.defs(), raw.defs(), models.defs())
    graph = merged.get_repository_def().asset_graph
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return {
        key: [cause.reason for cause in resolver.get_stale_causes(key)]
        for key in graph.get_all_asset_keys()
        if resolver.get_status(key) is StaleStatus.STALE
    }


def tell(instance: dg.DagsterInstance, tags: dict[dg.AssetKey, Tags], order: Sequence[dg.AssetKey]) -> None:
    for key in order:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, tags=tags[key]))


def all_tags(plan: Plan) -> dict[dg.AssetKey, Tags]:
    return {**raw_tags(), **model_tags(plan)}


def test_no_order_of_reports_is_amber(instance: dg.DagsterInstance) -> None:
    tags = all_tags(current_plan())
    tell(instance, tags, list(reversed(tags)))
    assert stale(instance) == {}
    tell(instance, tags, [STAGED])
    assert stale(instance) == {}


def test_changed_code_is_amber_until_it_was_built(instance: dg.DagsterInstance) -> None:
    plan = current_plan()
    older = {
        uid: replace(asset, code_version="older") if dg.AssetKey(asset.key) == TRADES else asset
        for uid, asset in plan.assets.items()
    }
    tags = all_tags(replace(plan, assets=older))
    tell(instance, tags, list(tags))
    assert stale(instance) == {TRADES: ["has a new code version"]}
    tell(instance, all_tags(plan), [TRADES])
    assert stale(instance) == {}


def test_the_report_carries_what_it_was_built_by(instance: dg.DagsterInstance) -> None:
    plan = current_plan()
    report = Report(asset_seconds=30, check_seconds=300)
    report.built_by(model_tags(plan))
    report.model(models.model_result(entry(TRADES)))
    (told,) = [e for e in report.events(everything=True) if isinstance(e, dg.AssetMaterialization)]
    assert told.tags == model_tags(plan)[TRADES]


def entry(key: dg.AssetKey) -> dict[str, object]:
    return {
        "unique_id": "model.tickhouse.fct_trades",
        "asset": list(key.path),
        "status": "success",
        "message": "OK",
        "seconds": 0.1,
        "rows": 1,
        "failures": 0,
    }
