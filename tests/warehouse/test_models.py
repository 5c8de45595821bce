"""What the manifest says of a model, read without dbt."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.core.errors import NeedsAttention
from ingest.core.settings import load_settings
from ingest.warehouse.models import parsed_manifest, read_models


def node(name: str, parents: list[str], materialized: str = "table", **meta: object) -> dict:
    return {
        "unique_id": f"model.t.{name}",
        "resource_type": "model",
        "schema": "marts",
        "name": name,
        "columns": {"a": {}, "b": {}},
        "config": {"materialized": materialized, "meta": meta},
        "parents": parents,
    }


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    nodes = [
        node("view", ["model.t.fct"], "settled_view"),
        node("fct", ["model.t.stg"], ages_by="at", keeps_days=30),
        node(
            "stg",
            ["source.t.trades"],
            topic="binance.trades",
            affected_key=["k"],
            traced=["id", "at"],
            ages_by="at",
        ),
        {"unique_id": "test.t.x", "resource_type": "test", "parents": ["model.t.fct"]},
    ]
    path = tmp_path / "manifest.json"
    content = {
        "nodes": {one["unique_id"]: one for one in nodes},
        "sources": {"source.t.trades": {"name": "binance_trades"}},
        "parent_map": {one["unique_id"]: one["parents"] for one in nodes} | {"source.t.trades": []},
    }
    path.write_text(json.dumps(content))
    return path


def test_parents_come_before_children(manifest: Path) -> None:
    assert [model.name for model in read_models(manifest)] == ["stg", "fct", "view"]


def test_topics_come_down_the_line(manifest: Path) -> None:
    assert {model.topics for model in read_models(manifest)} == {frozenset({"binance.trades"})}
    assert [model.reads_raw for model in read_models(manifest)] == [True, False, False]


def test_meta_says_how_rows_age(manifest: Path) -> None:
    stg, fct, view = read_models(manifest)
    assert (stg.driving_topic, stg.ages_by, stg.keeps) == ("binance.trades", "at", None)
    assert (stg.traced, stg.identity) == (("k", "id", "at"), ("id",))
    assert (fct.topic_of_row, fct.keeps) == ("kafka_topic", timedelta(days=30))
    assert (view.is_view, view.ages_by) == (True, None)
    assert stg.relation == "marts.stg"


def test_a_missing_manifest_says_who_makes_it(tmp_path: Path) -> None:
    with pytest.raises(NeedsAttention, match="tickhouse build"):
        read_models(tmp_path / "manifest.json")


def test_each_warehouse_has_what_was_parsed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    here = parsed_manifest()
    for name in ("ACCOUNT", "DATABASE"):
        monkeypatch.setenv(f"SNOWFLAKE_{name}", name.lower())
    monkeypatch.setenv("WAREHOUSE", "snowflake")
    load_settings.cache_clear()
    assert parsed_manifest() == here.parent / "snowflake" / "account" / "database" / here.name
