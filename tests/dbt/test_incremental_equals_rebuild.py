"""Whatever came, in whatever order and cuts: the tables are those that a rebuild makes."""

from pathlib import Path

import pytest

from tests.dbt.random_life import FED, contradicted_firsts, live_through
from tests.dbt.reference_book import differing, expected_books, found_books
from tests.dbt.trial import Project, Trial, open_trial


@pytest.mark.parametrize("seed", range(1))
def test_tables_equal_a_rebuild(trial: Trial, seed: int) -> None:
    live_through(trial, seed, steps=10)
    assert trial.differences_to_rebuild() == {}
    assert contradicted_firsts(trial) == []
    assert differing(found_books(trial), expected_books(trial)) == []
    assert set(trial.test().values()) == {"pass"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 102))
def test_tables_equal_a_rebuild_many_times(project: Project, tmp_path: Path, seed: int) -> None:
    with open_trial(project.fed_by(FED), tmp_path) as trial:
        live_through(trial, seed, steps=15)
        assert trial.differences_to_rebuild() == {}
        assert contradicted_firsts(trial) == []
        assert set(trial.test().values()) == {"pass"}
