"""Whether a model is written at once or a few keys at a time, its rows are the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dbt.book_models import OF_BOOKS
from tests.dbt.random_life import live_through
from tests.dbt.reference_book import differing, expected_books, found_books
from tests.dbt.test_planted_bugs import planted
from tests.dbt.trial import Project, Trial, open_trial

SLICES = "macros/progress/slices.sql"
SECONDS = frozenset(("int_book_seconds_closed", "fct_book_ladder_1s", "fct_book_depth_1s"))
REPLAYED = frozenset(("stg_replay__second_books", "stg_replay__second_levels", "fct_lob_levels_1s"))
SLICED = frozenset(("fct_book_ladder", "fct_book_top", "fct_book_ladder_1s", "fct_book_depth_1s"))


@pytest.fixture
def lived(project: Project, tmp_path: Path) -> Iterator[Trial]:
    """A life that wrote everything at once, which these few keys are."""
    project = replace(project, chosen=OF_BOOKS | SECONDS | REPLAYED)
    with open_trial(project, tmp_path) as trial:
        live_through(trial, seed=1, steps=4)
        trial.must_run()
        yield trial


def test_a_rebuild_in_slices_makes_the_same(lived: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _write_few_at_once(lived.project, monkeypatch) == SLICED
    assert lived.differences_to_rebuild() == {}
    for model in SLICED:
        ((rows,),) = lived.rows(f"select count(*) from marts.{model}")
        assert rows > 7


def test_what_is_rewritten_in_slices_is_the_same(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, open_trial(replace(project, chosen=OF_BOOKS), tmp_path) as trial:
        _write_few_at_once(project, patch)
        live_through(trial, seed=2, steps=4)
        trial.must_run()
        patch.undo()
        assert trial.differences_to_rebuild() == {}
        assert differing(found_books(trial), expected_books(trial)) == []


def test_a_slice_that_is_forgotten_is_found(lived: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_few_at_once(lived.project, monkeypatch)
    monkeypatch.setattr(*planted(lived.project.manifest, SLICES, '"ceil"', '"floor"'))
    assert lived.differences_to_rebuild()


def _write_few_at_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> frozenset[str]:
    """Of each model that is written in slices; returns their names."""
    metas = {node.name: node.config.meta for node in project.manifest.nodes.values() if node.config}
    sliced = {name: meta for name, meta in metas.items() if "keys_at_once" in meta}
    for meta in sliced.values():
        monkeypatch.setitem(meta, "keys_at_once", 7)
    return frozenset(sliced)
