"""A plan of a few of the project's models: to build all of them is not what every test is about."""

from collections.abc import Collection
from dataclasses import replace

from orchestration.dbt.plan import Plan


def only(plan: Plan, names: Collection[str]) -> Plan:
    models = {uid: model for uid, model in plan.models.items() if model.name in names}
    tests = {uid: test for uid, test in plan.tests.items() if models.keys() >= set(test.models)}
    nodes = {uid: node for uid, node in plan.manifest["nodes"].items() if uid in models}
    assets = {uid: asset for uid, asset in plan.assets.items() if uid in models}
    manifest = {**plan.manifest, "nodes": nodes}
    return replace(plan, models=models, tests=tests, assets=assets, manifest=manifest)
