"""The proof is worth something: with one of these bugs in the project it finds a difference."""

from dataclasses import replace
from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.dbt import book_models
from tests.dbt.random_life import contradicted_firsts, live_through
from tests.dbt.reference_book import expected_books, found_books
from tests.dbt.trial import Project, open_trial

AFFECTED = "macros/progress/affected.sql"
BUILD = "macros/progress/affected_keys.sql"
REWRITE = "macros/progress/rewrite.sql"
PROGRESS = "macros/progress/progress.sql"
DUPLICATES = "macros/staging/duplicates.sql"
WINDOWS = "macros/market/windows.sql"
FRAMES = "macros/market/frames.sql"
SESSION = "models/marts/vwap/fct_vwap_session.sql"
ROLLING = "models/marts/vwap/fct_vwap_rolling_1m.sql"
BARS = "macros/market/rolling_bars.sql"
SEQUENCING = "macros/book/sequencing.sql"
SPANS = "macros/book/spans.sql"
SEQUENCED = "models/intermediate/int_book_messages_sequenced.sql"

TRADES = ("stg_binance__trades", "stg_coinbase__trades", "stg_kraken__trades")
QUOTES = ("stg_binance__book_tickers", "fct_quotes")
CANDLES = ("fct_trades", "fct_candles_1s", "fct_candles_1m", "fct_trade_analytics_1m")
OF_TRADES = (
    *("fct_vwap_session", "fct_vwap_rolling_1m", "fct_vwap_rolling_bars"),
    *("fct_realised_volatility_1h", "fct_price_alerts"),
)
OF_BOOKS = (SEQUENCING, SPANS, SEQUENCED)
# What is wrong: the file, what it says, and what it says with the bug.
BUGS = {
    "replays are forgotten": (AFFECTED, "replay.kind = 'replay'", "replay.kind = 'never'"),
    "rows are deleted by the keys of the new rows": (
        REWRITE,
        '"affected_" ~ target.identifier ~ " as affected"',
        '"(" ~ split_query(target).rewritten ~ ") as affected"',
    ),
    "nothing is deleted": (BUILD, "{% do steps.update(delete=delete_affected(target)) %}", ""),
    "what vanished is not noted": (
        BUILD,
        "{% do steps.update(vanished=note_vanished(target, query.building_through)) %}",
        "",
    ),
    "what vanished is not looked at": (
        AFFECTED,
        "from {{ vanished(parent) }}\n        where",
        "from {{ vanished(parent) }}\n        where false and",
    ),
    "duplicates stay": (DUPLICATES, "    = 1", "    > 0"),
    "the duplicate that landed first wins": (
        DUPLICATES,
        "order by topic_life",
        "order by landed_batch_id, topic_life",
    ),
    "messages that landed before are not compared": (
        DUPLICATES,
        "where {{ is_usable }} and",
        "where false and",
    ),
    "new is what came after the newest row": (
        PROGRESS,
        '"built_through = building_through, settled_at = "',
        '"built_through = (select coalesce(max(batch_id), 0) from " ~ this ~ "), settled_at = "',
    ),
    "a child does not wait for its parents": (
        PROGRESS,
        '{%- if parent.startswith("source.") -%}',
        "{%- if true -%}",
    ),
    "a failed run counts as built": (
        PROGRESS,
        '"building_through = " ~ parents_built_through()',
        '"built_through = building_through, building_through = " ~ parents_built_through()',
    ),
    "a rebuild leaves its children as they are": (BUILD, "{% if descendants %}", "{% if false %}"),
    "a window gets its new rows only": (
        WINDOWS,
        "{{ rows }}.venue = affected.venue",
        "{{ rows }}.venue = affected.venue and {{ is_new(rows ~ '.batch_id') }}",
    ),
    "rows after a late trade are forgotten": (FRAMES, "where is_affected = 1", "where is_changed = 1"),
    "rows after a trade that vanished are forgotten": (
        FRAMES,
        "max(is_changed) as is_changed",
        "min(is_changed) as is_changed",
    ),
    "bars are read from the affected ones on": (
        BARS,
        "bars_back(candles, bars - 1)",
        "bars_back(candles, 1)",
    ),
    "a bar touches no later ones": (BARS, "frame_of_bars(bars)", "frame_of_bars(1)"),
    "a late trade touches a quarter of its hour": (
        ROLLING,
        "affected_frames(candles, frame_of_minutes(60))",
        "affected_frames(candles, frame_of_minutes(15))",
    ),
    "a session is summed from its affected rows on": (
        SESSION,
        "(select min(session_start_at) from affected)",
        "(select min(window_start_at) from affected)",
    ),
    "what lies behind a late change stays": (
        SEQUENCING,
        "sequenced.place >= starts.from_place",
        "sequenced.place = starts.from_place",
    ),
    "a gap before the batch is forgotten": (SEQUENCED, "case when is_synced then 1 else 0 end", "1"),
    "a gap is no gap": (SEQUENCED, "follows_sequence > previous_sequence", "false"),
    "what was kept of the book is forgotten": (SPANS, "where messages.is_base and", "where false and"),
}
# Ten lives, those first that find most; of the bugs of books the first ones find most.
LIVES = (1, 6, 8, 2, 0, 3, 4, 5, 7, 9)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "right", "wrong"), BUGS.values(), ids=BUGS.keys())
def test_the_proof_finds_it(
    project: Project, file: str, right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*planted(project.manifest, file, right, wrong))
    project = replace(project, chosen=built_for(file))
    for seed in range(10) if file in OF_BOOKS else LIVES:
        with open_trial(project, tmp_path / f"home_{seed}") as trial:
            live_through(trial, seed, steps=10)
            if trial.differences_to_rebuild():
                return
            if set(trial.test().values()) != {"pass"}:
                return
            if file == PROGRESS and trial.rows("select count(*) from marts.fct_trades") == [(0,)]:
                return  # it waits for ever for a venue that is quiet, in a rebuild, too
            if file == DUPLICATES and contradicted_firsts(trial):
                return
            if file in OF_BOOKS and found_books(trial) != expected_books(trial):
                return
    pytest.fail("ten random lives showed no difference")


def planted(manifest: Manifest, file: str, right: str, wrong: str) -> tuple[object, str, str]:
    """What to set in what dbt has parsed: to parse it all again would take longer than a random life."""
    texts = [
        (part, name, getattr(part, name))
        for parts, name in ((manifest.macros, "macro_sql"), (manifest.nodes, "raw_code"))
        for part in parts.values()
        if part.package_name == "tickhouse" and part.original_file_path == file
    ]
    ((part, name, text),) = [found for found in texts if right in found[2]]
    assert text.count(right) == 1
    return part, name, text.replace(right, wrong)


def built_for(file: str) -> frozenset[str]:
    """The models that a bug there can spoil: a life of all of them takes four times as long."""
    if file in OF_BOOKS:
        return book_models.OF_BOOKS
    if file in (AFFECTED, BUILD, REWRITE, PROGRESS, DUPLICATES, WINDOWS):
        return frozenset((*TRADES, *QUOTES, *CANDLES))
    return frozenset((*TRADES, *CANDLES, *OF_TRADES))
