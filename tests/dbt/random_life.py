"""A random life of a warehouse: batches of every kind, corrections, runs that fail, runs of a part."""

from collections.abc import Callable
from random import Random

from ingest.core.topics import BY_NAME
from tests.dbt.feeds import BookTickers, CoinbaseTrades, Depth, SparseTrades, Trades
from tests.dbt.log import Log
from tests.dbt.trial import Trial

BESIDE_TRADES = (BookTickers, Depth, CoinbaseTrades)
FED = tuple(feed.topic for feed in (Trades, *BESIDE_TRADES))


def live_through(trial: Trial, seed: int, steps: int, after_step: Callable[[], None] = lambda: None) -> None:
    """Do what can happen, in an order that the seed decides."""
    random = Random(seed)
    trades = (SparseTrades, Trades)[seed % 2]
    logs = [Log(feed(random), random) for feed in (trades, *BESIDE_TRADES)]
    for _ in range(steps):
        for log in random.sample(logs, random.randint(1, 3)):
            trial.land(log.feed.topic, log.batch(random.choice([0, 1, 7, 60, 200])))
            _maybe_repair(trial, log, random)
            _maybe_correct(trial, log, random)
            if random.random() < 0.1:
                log.begin_next_life()
        _run_something(trial, logs, random)
        after_step()
    # Something new for all, and only a part is run: the rest has to follow by itself.
    for log in logs:
        trial.land(log.feed.topic, log.batch(60))
    _run_a_part(trial, random)
    after_step()


def contradicted_firsts(trial: Trial) -> list[tuple]:
    """Trades that are not of the first message of their id in the log, whatever landed first."""
    return trial.rows(
        """with firsts as (
               select venue, symbol, trade_id, min((topic_life, kafka_partition, kafka_offset)) as first_place
               from (
                   select * exclude (is_from_rest) from staging.stg_binance__trades
                   union all by name select * from staging.stg_coinbase__trades
               )
               where rejected_reason is null group by all
           )
           select * from marts.fct_trades inner join firsts using (venue, symbol, trade_id)
           where (topic_life, kafka_partition, first_offset) <> first_place"""
    )


def _maybe_repair(trial: Trial, log: Log, random: Random) -> None:
    """Messages that were missing land late, with coordinates below others."""
    if log.held_back and random.random() < 0.3:
        trial.land(log.feed.topic, log.held_back, kind="repair")
        log.held_back = []


def _maybe_correct(trial: Trial, log: Log, random: Random) -> None:
    """Landed rows come to say something else, or nothing; their batches are replayed."""
    if random.random() < 0.2 and (batches := _correct(trial, log, random)):
        trial.replay(log.feed.topic, min(batches), max(batches))


def _correct(trial: Trial, log: Log, random: Random) -> list[int]:
    """The batches of the rows that were changed."""
    table = f"raw.{BY_NAME[log.feed.topic].raw_table}"
    rows = trial.rows(f"select batch_id, topic_life, kafka_partition, kafka_offset from {table} order by all")
    chosen = random.sample(rows, min(len(rows), 8))
    for row in chosen:
        payload = random.choice([log.feed.payload(), log.feed.spoiled(), b'{"e":'])
        trial.connection.execute(
            f"""update {table} set payload = ?, payload_bytes = null where batch_id = ? and topic_life = ?
                and kafka_partition = ? and kafka_offset = ?""",
            [payload.decode(), *row],
        )
    return [row[0] for row in chosen]


def _run_something(trial: Trial, logs: list[Log], random: Random) -> None:
    chance = random.random()
    if chance < 0.4:
        trial.must_run()
    elif chance < 0.6:
        _run_a_part(trial, random)
    elif chance < 0.8:
        _run_with_a_failure(trial, random)
    elif chance < 0.9:
        trial.run("--full-refresh", "--select", random.choice(trial.project.models))
    else:
        # Somebody mends raw by hand and rebuilds staging: what stands on it must follow.
        for log in logs:
            _correct(trial, log, random)
        trial.run("--full-refresh", "--select", "staging")


def _run_a_part(trial: Trial, random: Random) -> None:
    models = trial.project.models
    trial.run("--select", *random.sample(models, random.randint(1, len(models))))


def _run_with_a_failure(trial: Trial, random: Random) -> None:
    """What a model noted of vanished rows is out of reach: its children fail, and it may itself, midway."""
    notes = sorted(name for name in trial.tables("ops") if name.startswith("vanished_"))
    if not notes:
        return
    name = random.choice(notes)
    trial.connection.execute(f"alter table ops.{name} rename to out_of_reach")
    trial.run()
    if name in trial.tables("ops"):
        # The model was due for a rebuild, and made it anew.
        trial.connection.execute("drop table ops.out_of_reach")
    else:
        trial.connection.execute(f"alter table ops.out_of_reach rename to {name}")
