"""What the project says of its tables stands in the warehouse, for tools that look there."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dbt.planned_trial import open_planned_trial, plan
from tests.dbt.trades import land, made_up_trades
from tests.dbt.trial import Project, Trial, open_trial

TABLE, VIEW = "fct_trades", "fct_recent_trades"
BY_DBT, BY_PLAN = "dbt", "the plan"


@contextmanager
def opened(project: Project, directory: Path, how: str) -> Iterator[Trial]:
    way: AbstractContextManager[Trial] = (
        open_trial(project, directory)
        if how == BY_DBT
        else open_planned_trial(project, plan(project), directory)
    )
    with way as trial:
        yield trial


def comments(trial: Trial) -> dict[str, str]:
    """`fct_trades`, and `fct_trades.price` and so on."""
    return dict(
        trial.rows(
            """select table_name, comment from duckdb_tables() where schema_name = 'marts'
            union all select view_name, comment from duckdb_views() where schema_name = 'marts'
            union all select table_name || '.' || column_name, comment from duckdb_columns()
            where schema_name = 'marts'"""
        )
    )


def said(project: Project) -> dict[str, str]:
    """What is described of the two."""
    found = {}
    for name in (TABLE, VIEW):
        node = project.manifest.nodes[f"model.tickhouse.{name}"]
        found[name] = " ".join(node.description.split())
        found |= {
            f"{name}.{column.name}": " ".join(column.description.split()) for column in node.columns.values()
        }
    return found


@pytest.mark.parametrize("how", [BY_DBT, BY_PLAN])
def test_tables_views_and_their_columns_say_what_they_are(project: Project, tmp_path: Path, how: str) -> None:
    project = chosen(project)
    with opened(project, tmp_path, how) as trial:
        land(trial, made_up_trades(seed=1, count=4))
        trial.must_run()
        assert comments(trial) == said(project)


@pytest.mark.parametrize("how", [BY_DBT, BY_PLAN])
def test_other_words_are_written_when_the_table_is_built_next_and_only_then(
    project: Project, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = chosen(project)
    with opened(project, tmp_path, how) as trial:
        trades = made_up_trades(seed=1, count=9)
        land(trial, trades[:3])
        trial.must_run()
        by_hand = "comment on column marts.fct_trades.price is 'by hand'"
        monkeypatch.setattr(
            project.manifest.nodes[f"model.tickhouse.{TABLE}"], "description", "One row per trade's end."
        )
        # A plan looks when it is new, dbt each time.
        if how == BY_PLAN:
            trial.adopt(plan(project))  # type: ignore[attr-defined]
        land(trial, trades[3:6], first_offset=3)
        trial.must_run()
        assert comments(trial) == said(project)
        if how == BY_PLAN:
            trial.connection.execute(by_hand)
            land(trial, trades[6:], first_offset=6)
            trial.must_run()
            assert comments(trial)["fct_trades.price"] == "by hand"


def chosen(project: Project) -> Project:
    staging = (f"stg_{venue}__trades" for venue in ("binance", "coinbase", "kraken"))
    return replace(project, chosen=frozenset((*staging, TABLE, VIEW)))
