"""The first build of a model may end anywhere: the next one makes all of it, for its children too."""

import pytest

from tests.dbt.trades import land, made_up_trades
from tests.dbt.trial import Trial

MODELS = ("--select", "+fct_trades")


@pytest.mark.parametrize("macro", ["start_anew", "keep_affected", "descendants_of", "in_one_transaction"])
def test_a_first_build_that_broke_off_is_made_again(
    trial: Trial, macro: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades = made_up_trades(seed=2, count=40)
    land(trial, trades[:20])
    node = trial.project.manifest.macros[f"macro.tickhouse.{macro}"]
    head, mark, body = node.macro_sql.partition("%}")
    broken = head + mark + "{% do exceptions.raise_compiler_error('broken') %}" + body
    with monkeypatch.context() as patch:
        patch.setattr(node, "macro_sql", broken)
        assert trial.run(*MODELS)["stg_binance__trades"] == "error"
    trial.must_run(*MODELS)
    land(trial, trades[20:], first_offset=20)
    trial.must_run(*MODELS)
    assert trial.rows("select count(*) from marts.fct_trades") == [(40,)]
