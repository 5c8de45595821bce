"""Whatever came, in whatever order and cuts: the tables are those that a rebuild makes."""

import pytest

from tests.dbt.ordeal import contradicted_firsts, live_through
from tests.dbt.reference_book import expected_books, found_books
from tests.dbt.trial import Trial


@pytest.mark.parametrize("seed", range(1))
def test_tables_equal_a_rebuild(trial: Trial, seed: int) -> None:
    live_through(trial, seed, steps=10)
    assert trial.differences_to_rebuild() == {}
    assert contradicted_firsts(trial) == []
    assert found_books(trial) == expected_books(trial)
    assert set(trial.test().values()) == {"pass"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 102))
def test_tables_equal_a_rebuild_many_times(trial: Trial, seed: int) -> None:
    live_through(trial, seed, steps=15)
    assert trial.differences_to_rebuild() == {}
    assert contradicted_firsts(trial) == []
    assert set(trial.test().values()) == {"pass"}
