"""However the changes of a table come, its history is that of PostgreSQL's log, and that of a rebuild."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random

import pytest

from ingest.core.topics import BY_NAME
from ingest.feeds.change_data.tables import TABLES as LOADED
from ingest.warehouse import retention
from ingest.warehouse.models import Model
from tests.dbt.captured import (
    EPOCH_US,
    TABLES,
    Change,
    MadeUpDatabase,
    Version,
    envelope,
    records,
    versions,
)
from tests.dbt.conftest import FreshTrial
from tests.dbt.feeds import START
from tests.dbt.log import Record, as_record
from tests.dbt.test_planted_bugs import planted
from tests.dbt.test_pruned_equals_rebuild import prune
from tests.dbt.trial import Project, Trial

OFFSETS = count()
MODELS = frozenset(
    (
        *("stg_cdc__changes", "int_row_changes_deduplicated", "int_row_versions_dated"),
        *(f"fct_cdc_{table}_{kind}" for table in TABLES for kind in ("history", "current")),
    )
)
DATED = "models/intermediate/int_row_versions_dated.sql"
CHANGES = "macros/cdc/changes.sql"
BUGS = {
    "ordered by arrival": (DATED, "order by lsn", "order by first_offset"),
    "a delete is a version": (DATED, "where op <> 'd'", "where true"),
    "deletes are left out": (DATED, "where op <> 't'", "where op not in ('t', 'd')"),
    "an emptied table keeps its rows": (DATED, "where op = 't' or is_snapshot", "where is_snapshot"),
    "what a snapshot does not find stays": (DATED, "where op = 't' or is_snapshot", "where op = 't'"),
    "a tombstone is a row": (CHANGES, "when not is_tombstone", "when true"),
    "duplicates stay": ("macros/staging/duplicates.sql", "    = 1", "    > 0"),
}


@pytest.mark.parametrize("seed", range(2))
def test_history_is_that_of_the_log_and_of_a_rebuild(fresh_trial: FreshTrial, seed: int) -> None:
    with fresh_trial(MODELS) as trial:
        database = live_through(trial, Random(seed))
        assert wrong(trial, database) == []
        assert trial.differences_to_rebuild() == {}
        assert set(trial.test().values()) == {"pass"}


def test_pruned_history_equals_a_rebuild(
    fresh_trial: FreshTrial, models: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "HOUR", timedelta(minutes=1))
    with fresh_trial(MODELS) as trial:
        live_through(trial, Random(1))
        for topic in (f"cdc.binance.{table}" for table in TABLES):
            trial.connection.execute(
                f"""update ops.batches set committed_at = landed.at from (
                        select batch_id, max(published_at) as at
                        from raw.{BY_NAME[topic].raw_table} group by all
                    ) as landed where batches.batch_id = landed.batch_id"""
            )
        assert prune(trial, [model for model in models if model.name in MODELS]) > 50
        assert trial.differences_to_rebuild() == {}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "right", "wrongly"), BUGS.values(), ids=BUGS.keys())
def test_a_bug_is_found(
    fresh_trial: FreshTrial,
    project: Project,
    file: str,
    right: str,
    wrongly: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(*planted(project.manifest, file, right, wrongly))
    with fresh_trial(MODELS) as trial:
        database = live_through(trial, Random(0))
        assert wrong(trial, database) != []


def live_through(trial: Trial, random: Random) -> MadeUpDatabase:
    """Changes in any cuts, built now and then."""
    database = MadeUpDatabase(random)
    for _ in range(60):
        database.step()
    waiting = list(records(database.changes, random))
    while waiting:
        size = random.randint(1, 120)
        landed: dict[str, list[Record]] = defaultdict(list)
        for topic, record in waiting[:size]:
            landed[topic].append(record)
        for topic, batch in landed.items():
            trial.land(topic, batch)
        waiting = waiting[size:]
        if random.random() < 0.4 or not waiting:
            trial.must_run()
    return database


def wrong(trial: Trial, database: MadeUpDatabase) -> list[object]:
    """What the tables say, and should not, or do not say."""
    found: list[object] = list(trial.rows("from staging.stg_cdc__changes where rejected_reason is not null"))
    for table in TABLES:
        expected = versions(database.changes, table)
        number = "price" if table == "prices" else "quantity"
        rows = trial.rows(
            f"""select row_key, lsn, {number}::bigint, epoch_us(history.valid_from_at),
                    epoch_us(history.valid_to_at), history.ended_by
                from marts.fct_cdc_{table}_history as history
                inner join intermediate.int_row_versions_dated using (lsn, first_offset, kafka_partition)
                where kafka_topic = 'cdc.binance.{table}' order by row_key, lsn"""
        )
        found += set(map(Version._make, rows)) ^ set(expected)
        found += [table] if len(rows) != len(expected) else []
        current = trial.rows(f"select lsn, {number}::bigint from marts.fct_cdc_{table}_current order by all")
        standing = sorted((each.lsn, each.number) for each in expected if each.ended_by is None)
        found += [] if current == standing else [current]
    return found


GOOD = Change(
    "prices",
    "c",
    5000,
    '{"symbol":"A"}',
    {"symbol": "A", "price": "1.5", "polled_at": "2026-01-01"},
    EPOCH_US,
)


def changed(**fields: object) -> bytes:
    """The good one's envelope, with something else in its row."""
    body = json.loads(envelope(GOOD))
    body["after"] |= fields
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("payload", "key", "reason"),
    [
        (envelope(GOOD), GOOD.key, None),
        (changed(new="column"), GOOD.key, None),
        (None, GOOD.key, None),
        (envelope(GOOD), None, "missing_field"),
        (envelope(replace(GOOD, op="x")), GOOD.key, "missing_field"),
        (envelope(replace(GOOD, row=None)), GOOD.key, "missing_field"),
        (envelope(GOOD).replace(b"5000", b'"x"'), GOOD.key, "not_a_number"),
        (envelope(replace(GOOD, at_us=17)), GOOD.key, "bad_time"),
        (changed(price=None), GOOD.key, "missing_field"),
        (changed(price="x"), GOOD.key, "not_a_number"),
        (changed(price="1.00000000001"), GOOD.key, "loses_digits"),
        (changed(price="1" + 18 * "0"), GOOD.key, "out_of_range"),
        (changed(polled_at="noon"), GOOD.key, "bad_time"),
        (b"{", GOOD.key, "malformed_json"),
        (b"\xff", GOOD.key, "not_utf8"),
    ],
)
def test_a_change_that_cannot_be_used_says_why(
    reasons_trial: Trial, payload: bytes | None, key: str | None, reason: str | None
) -> None:
    record = {**as_record(payload, 0, next(OFFSETS), START), "headers": [], "key": key}
    batch_id = reasons_trial.land("cdc.binance.prices", [record])
    reasons_trial.must_run("--select", "stg_cdc__changes")
    sql = f"select rejected_reason from staging.stg_cdc__changes where landed_batch_id = {batch_id}"
    assert reasons_trial.rows(sql) == [(reason,)]


@pytest.fixture(scope="module")
def reasons_trial(fresh_trial: FreshTrial) -> Iterator[Trial]:
    with fresh_trial(MODELS) as trial:
        yield trial


def test_what_is_captured_is_what_postgres_has(trial: Trial) -> None:
    compiled = trial.compiled(
        """{% for table, columns in captured_tables().items() %}{% for name, type in columns.items() %}
        {{ table }} {{ name }} {{ type }}
        {% endfor %}{% endfor %} select 1"""
    )
    listed = defaultdict(list)
    for line in compiled.splitlines():
        if len(words := line.split()) == 3:
            listed[words[0]].append(words[1])
    assert listed == {table.name: list(table.columns) for table in LOADED}
