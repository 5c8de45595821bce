"""A random life of a warehouse: batches of every kind, corrections, runs that fail, runs of a part."""

from random import Random

from ingest.topics import BY_NAME
from tests.dbt.feeds import BROKEN, Log, Trades
from tests.dbt.trial import Trial


def live_through(trial: Trial, seed: int, steps: int) -> None:
    """Do what can happen, in an order that the seed decides."""
    random = Random(seed)
    logs = [Log(feed(random), random) for feed in (Trades,)]
    for _ in range(steps):
        log = random.choice(logs)
        trial.land(log.feed.topic, log.batch(random.choice([0, 1, 7, 60, 200])))
        _maybe_repair(trial, log, random)
        _maybe_correct(trial, log, random)
        if random.random() < 0.1:
            log.begin_next_life()
        _run_something(trial, random)


def _maybe_repair(trial: Trial, log: Log, random: Random) -> None:
    """Messages that were missing land late, with coordinates below others."""
    if log.held_back and random.random() < 0.3:
        trial.land(log.feed.topic, log.held_back, kind="repair")
        log.held_back = []


def _maybe_correct(trial: Trial, log: Log, random: Random) -> None:
    """Landed rows change: broken, repeated, or moved in time. Their batches are replayed."""
    if random.random() > 0.3:
        return
    topic = log.feed.topic
    table = f"raw.{BY_NAME[topic].raw_table}"
    rows = trial.rows(
        f"select batch_id, topic_life, kafka_partition, kafka_offset from {table} order by all"
    )
    chosen = random.sample(rows, min(len(rows), 8))
    for row in chosen:
        payload = random.choice([log.feed.payload(), log.feed.spoiled(), BROKEN[2]])
        trial.connection.execute(
            f"""update {table} set payload = ? where batch_id = ? and topic_life = ?
                and kafka_partition = ? and kafka_offset = ?""",
            [(payload or b"").decode(), *row],
        )
    if chosen:
        batches = [row[0] for row in chosen]
        trial.replay(topic, min(batches), max(batches))


def _run_something(trial: Trial, random: Random) -> None:
    chance = random.random()
    models = trial.project.models
    if chance < 0.4:
        trial.must_run()
    elif chance < 0.6:
        trial.run("--select", *random.sample(models, random.randint(1, len(models))))
    elif chance < 0.8:
        run_with_a_failure(trial, random)


def run_with_a_failure(trial: Trial, random: Random) -> None:
    """What a model notes of vanished rows is out of reach: its children fail, and it may itself, midway."""
    notes = [name for (name,) in trial.rows("select table_name from duckdb_tables() where schema_name = 'ops'")]
    broken = [name for name in notes if name.startswith("vanished_")]
    if not broken:
        return
    name = random.choice(sorted(broken))
    trial.connection.execute(f"alter table ops.{name} rename to out_of_reach")
    trial.run()
    trial.connection.execute(f"alter table ops.out_of_reach rename to {name}")
