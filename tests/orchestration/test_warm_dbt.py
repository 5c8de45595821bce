"""The loop reads what dbt last parsed, and parses again where that is not of this project any more."""

import os
import shutil
from pathlib import Path

import pytest
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.graph.manifest import Manifest

from ingest.errors import NeedsAttention
from orchestration.dbt import warm
from orchestration.dbt.project import ensure_manifest


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
