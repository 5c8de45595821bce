"""The loop reads what dbt last parsed, and parses again where that is not of this project any more."""

import os
import shutil
from pathlib import Path

import pytest
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import CompiledNode

from ingest.core.errors import NeedsAttention
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt import warm
from orchestration.dbt.project import ensure_manifest

A_TEST = "unique_grain_int_ticks_deduplicated_venue__symbol__sequence_id"


class NoParsing:
    """In the place of dbt: whoever parses gets nothing."""

    result = None
    exception = "parsed again"

    def invoke(self, _: object) -> "NoParsing":
        return self


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / PARTIAL_PARSE_FILE_NAME
    shutil.copy(ensure_manifest().with_name(PARTIAL_PARSE_FILE_NAME), copy)
    monkeypatch.setattr(warm, "dbtRunner", NoParsing)
    return copy


def test_what_is_current_is_read_with_the_graph_that_a_rebuild_asks(kept: Path) -> None:
    manifest = warm._parsed(kept)
    assert isinstance(manifest, Manifest)
    assert "model.tickhouse.fct_trades" in manifest.flat_graph["nodes"]


@pytest.mark.parametrize("harm", ["older than the project", "gone", "of another dbt"])
def test_what_is_not_is_parsed_again(kept: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if harm == "gone":
        kept.unlink()
    elif harm == "of another dbt":
        monkeypatch.setattr(warm.version, "__version__", "0.0.1")
    else:
        os.utime(kept, (0, 0))
    with pytest.raises(NeedsAttention, match="parsed again"):
        warm._parsed(kept)


@pytest.mark.parametrize("rendered", ["select 1", "select '{{ kept }}'", None])
def test_what_was_rendered_once_is_not_rendered_again_but_where_jinja_would_read_it(
    rendered: str | None,
) -> None:
    kept = ensure_manifest().with_name(PARTIAL_PARSE_FILE_NAME)
    node = Manifest.from_msgpack(kept.read_bytes()).nodes["model.tickhouse.fct_trades"]
    assert isinstance(node, CompiledNode)
    before, node.compiled_code = node.raw_code, rendered
    warm.keep_rendered(node)
    assert node.raw_code == ("select 1" if rendered == "select 1" else before)


def test_what_a_test_looks_at_is_said_when_dbt_is_warmed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that is kept must not outlive the variables it was rendered with."""
    monkeypatch.setenv("TICKHOUSE_HOME", str(tmp_path))
    DuckDbWarehouse(tmp_path / "warehouse.duckdb").migrate()
    texts = {}
    for variables in (warm.NO_VARIABLES, {"audit": "full"}):
        dbt = warm.WarmDbt(variables)
        first, second = (compiled(dbt, A_TEST) for _ in range(2))
        assert first == second
        texts[len(variables)] = first
    assert "where batch_id >" in texts[0]
    assert "where true" in texts[1]


def compiled(dbt: warm.WarmDbt, name: str) -> str:
    (result,) = dbt.invoke("compile", "--select", name).results
    assert isinstance(result.node, CompiledNode)
    return result.node.compiled_code or ""
