"""Pruning deletes the same in every warehouse: hand-made tables in each."""

from dataclasses import replace
from datetime import datetime, timedelta

from ingest.warehouse.connection import transaction
from ingest.warehouse.kept_books import LEVELS, MESSAGES, keep_books
from ingest.warehouse.retention import Pruned, prune
from tests.warehouse.batches import RAW, TOPIC, batch, landing
from tests.warehouse.conftest import Trial
from tests.warehouse.modelled import model

NOW = datetime(2024, 5, 20, 13, 30)  # noqa: DTZ001
FLOOR = datetime(2024, 5, 13)  # noqa: DTZ001
DAYS = (8, 9, 10, 17, 18)
VENUES = {"coinbase": "another", "any_other": TOPIC.name}

MADE = (
    "create schema marts",
    f"""create table marts.stg as
        select topic_life, kafka_partition, kafka_offset, kafka_offset as trade_id,
            batch_id as landed_batch_id, published_at as event_at
        from {RAW}""",
    "create table marts.fct as select distinct event_at from marts.stg",
    """create table marts.of_venues as
       select 'coinbase' as venue, event_at from marts.fct
       union all select 'kraken', event_at from marts.fct""",
    f"create table marts.short as select '{TOPIC.name}' as kafka_topic, landed_batch_id from marts.stg",
    "create table ops.vanished_stg (landed_batch_id bigint, trade_id bigint, batch_id bigint)",
    "update marts.stg set event_at = '2024-05-14' where kafka_offset = 9",  # ahead of its time
    "update marts.stg set event_at = null where kafka_offset = 10",
    "update marts.stg set event_at = '2024-05-01' where kafka_offset = 17",  # late
    "update marts.stg set trade_id = 3 where kafka_offset = 16",
)
STAGING = replace(
    model("stg", reads_raw=True, columns=frozenset({"event_at", "landed_batch_id", "kafka_offset"})),
    traced=("landed_batch_id", "trade_id"),
    identity=("trade_id",),
)
MODELS = (
    STAGING,
    model("fct", keeps=timedelta(days=10)),
    model("of_venues", driving_topic=VENUES),
    model("short", ages_by=None, keeps_at_most=timedelta(days=3)),
    model("never_built"),
)


def test_what_goes_and_what_ops_says_afterwards(trial: Trial) -> None:
    """A batch of four messages at noon of each day; three of them lie before the floor."""
    for number in range(len(DAYS)):
        trial.warehouse.land(batch(landing(4 * number, 4 * number + 4, 4 * number or None)), None)
    with trial.warehouse.open() as connection:
        for number, day in enumerate(DAYS):
            at = [datetime(2024, 5, day, 12), number + 1]  # noqa: DTZ001
            connection.execute("update ops.batches set committed_at = ? where batch_id = ?", at)
            connection.execute(f"update {RAW} set published_at = ? where batch_id = ?", at)
        for statement in MADE:
            connection.execute(statement)
        with transaction(connection):
            pruned = prune(connection, [TOPIC], MODELS, NOW, trial.warehouse.new_batch, "run")
    gone = {"marts.short": 16, RAW: 11, "marts.stg": 12, "marts.fct": 2, "marts.of_venues": 3}
    assert pruned == [Pruned(TOPIC.name, FLOOR, gone)]
    assert trial.query("select * from ops.vanished_stg") == [(1, 3, 6)]
    assert trial.query("select batch_id, kind, run_id from ops.batches where batch_id > 5") == [
        (6, "prune", "run")
    ]
    assert trial.query("select batch_id from ops.batches order by 1") == [(3,), (4,), (5,), (6,)]
    assert trial.query(
        "select batch_id, first_offset, end_offset, row_count, payload_bytes from ops.windows order by 2"
    ) == [(2, 0, 8, 0, 0), (3, 8, 12, 1, 7), (4, 12, 16, 4, 32), (5, 16, 20, 4, 32)]
    assert trial.query("select topic, kept_from, as_of_batch_id from ops.retention") == [
        (TOPIC.name, FLOOR, 6)
    ]
    assert trial.query("select * from ops.short_lived") == [("short", TOPIC.name, 4)]


def test_what_is_not_to_be_kept_changes_nothing(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 4, None)), None)
    with trial.warehouse.open() as connection, transaction(connection, is_kept=False):
        much_later = datetime(2100, 1, 1)  # noqa: DTZ001
        [pruned] = prune(connection, [TOPIC], [], much_later, trial.warehouse.new_batch)
    assert pruned.deleted == {RAW: 4}
    assert trial.query(f"select count(*) from {RAW}") == [(4,)]
    assert trial.query("select batch_id from ops.batches") == [(1,)]
    assert trial.warehouse.land(batch(landing(4, 6, 4)), None).batch_id == 2


BOOKS = f"""
    select '{TOPIC.name}' as kafka_topic, 'v' as venue, symbol, epoch, kind, sequence, sequence as place,
        kind = 'diff' as is_checkpoint, true as is_applied, cast(aged_on as timestamp) as aged_at,
        cast(aged_on as timestamp) as event_at, cast(aged_on as timestamp) as received_at,
        cast(aged_on as timestamp) as published_at, cast(aged_on as timestamp) as landed_at, 1 as topic_life,
        0 as kafka_partition, sequence + 100 as first_offset, 1 as landed_batch_id
    from (values
        ('whole', 1, 'snapshot', 1, '2024-05-12'),
        ('whole', 1, 'diff', 2, '2024-05-12'),
        ('whole', 1, 'diff', 5, '2024-05-14'),
        ('whole', 1, 'diff', 7, '2024-05-15'),
        ('has a snapshot', 2, 'diff', 5, '2024-05-14'),
        ('has a snapshot', 2, 'snapshot', 4, '2024-05-14'),
        ('is a snapshot', 3, 'diff', 9, '2024-05-14'),
        ('is a snapshot', null, 'snapshot', 9, '2024-05-14')
    ) as known (symbol, epoch, kind, sequence, aged_on)
"""


def test_the_first_whole_book_behind_the_floor_is_kept(trial: Trial) -> None:
    with trial.warehouse.open() as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.{MESSAGES} as {BOOKS}")
        connection.execute(
            f"""create table marts.{LEVELS} as
                select venue, symbol, epoch, sequence, 'bid' as side, 1.5 as price, sequence as quantity
                from marts.{MESSAGES}"""
        )
        connection.execute(
            f"""insert into ops.kept_books
                select '{TOPIC.name}', 'v', 'old', 1, 'bid', 1, 1, t, t, t, t, t, 1, 0, 1, 1, 1
                from (select cast('2024-05-01' as timestamp) as t)"""
        )
        keep_books(connection, TOPIC, [model(MESSAGES), model(LEVELS)], FLOOR, 7)
    at = datetime(2024, 5, 14)  # noqa: DTZ001
    assert trial.query("select * from ops.kept_books") == [
        (TOPIC.name, "v", "whole", 5, "bid", 1.5, 5, at, at, at, at, at, 1, 0, 105, 1, 7)
    ]
