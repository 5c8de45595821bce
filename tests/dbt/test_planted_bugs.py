"""The proof is worth something: with one of these bugs in the project it finds a difference."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dbt.ordeal import live_through
from tests.dbt.trial import PROJECT, open_trial, parse_project


@dataclass(frozen=True)
class Bug:
    """One change to one file of the project."""

    file: str
    right: str
    wrong: str


BUGS = {
    "replays are forgotten": Bug(
        "macros/progress/affected.sql", "replay.kind = 'replay'", "replay.kind = 'never'"
    ),
    "rows are deleted by the keys of the new rows": Bug(
        "macros/progress/rewrite.sql",
        '" using affected_"\n        ~ target.identifier\n        ~ " as affected where "',
        '" using (" ~ split_query(target).rewritten ~ ") as affected where "',
    ),
    "nothing is deleted": Bug(
        "macros/progress/affected_keys.sql",
        "{% do steps.update(delete=delete_affected(target)) %}",
        "",
    ),
    "what vanished is not noted": Bug(
        "macros/progress/affected_keys.sql",
        "{% do steps.update(vanished=note_vanished(target)) %}",
        "",
    ),
    "what vanished is not looked at": Bug(
        "macros/progress/affected.sql", "from {{ vanished(parent) }}\n        where", "from {{ vanished(parent) }}\n        where false and"
    ),
    "duplicates stay": Bug("models/marts/market/fct_trades.sql", ")\n    = 1", ")\n    > 0"),
    "the duplicate that landed first wins": Bug(
        "models/marts/market/fct_trades.sql",
        "order by topic_life, kafka_partition, kafka_offset",
        "order by messages.batch_id, topic_life, kafka_partition, kafka_offset",
    ),
    "new is what came after the newest row": Bug(
        "macros/progress/progress.sql",
        '> {{ progress(model.unique_id, "built_through") }}',
        "> (select coalesce(max(batch_id), 0) from {{ this }})",
    ),
    "a child does not wait for its parents": Bug(
        "macros/progress/progress.sql",
        '{%- if parent.startswith("source.") -%}',
        "{%- if true -%}",
    ),
    "a failed run counts as built": Bug(
        "macros/progress/progress.sql",
        '{% do run_query(update_progress("building_through = " ~ parents_built_through())) %}',
        '{% do run_query(update_progress("building_through = " ~ parents_built_through())) %}'
        '{% do run_query(update_progress("built_through = building_through")) %}',
    ),
    "a window gets its new trades only": Bug(
        "macros/market/candles.sql",
        "where\n        trades.event_at",
        "where trades.batch_id > (select max(batch_id) - 2 from ops.batches) and\n        trades.event_at",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS.keys())
def test_the_proof_finds_it(bug: Bug, tmp_path: Path) -> None:
    directory = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, directory, ignore=shutil.ignore_patterns("target", "logs"))
    source = directory / bug.file
    assert source.read_text().count(bug.right) == 1
    source.write_text(source.read_text().replace(bug.right, bug.wrong))
    project = parse_project(directory, tmp_path / "target")
    for seed in range(10):
        with open_trial(project, tmp_path / f"home_{seed}") as trial:
            live_through(trial, seed, steps=12)
            if trial.differences_to_rebuild():
                return
    pytest.fail("ten random lives showed no difference")
