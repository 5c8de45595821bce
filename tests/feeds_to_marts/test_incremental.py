"""Whatever came of these feeds, in whatever order and cuts: their tables are those that a rebuild makes."""

import json
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.dbt.feeds import NOT_NUMBERS, START, epoch_ms
from tests.dbt.log import Log
from tests.dbt.trial import Trial

MODELS = ("stg_simulated__ticks", "int_ticks_deduplicated", "stg_binance__klines", "stg_kraken__trades")


class Made(ABC):
    """Good messages, spoiled ones, and such as contradict an earlier one."""

    topic = ""
    wrong: tuple[tuple[str, object], ...] = ()
    content: tuple[str, object] = ("", None)

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sent = 0

    @property
    def now(self) -> datetime:
        return START + timedelta(minutes=max(self.sent, 60))

    @abstractmethod
    def body(self, number: int) -> dict[str, Any]:
        """The message of this number, good."""

    def payload(self) -> bytes:
        self.sent += 1
        return json.dumps(self.body(self.sent)).encode()

    def spoiled(self) -> bytes:
        return self._with(self.payload(), *self.random.choice(self.wrong))

    def contradicted(self, payload: bytes) -> bytes:
        return self._with(payload, *self.content)

    def _with(self, payload: bytes, field: str, value: object) -> bytes:
        return json.dumps({**json.loads(payload), field: value}).encode()


class Ticks(Made):
    topic = "simulated.ticks"
    wrong = (
        ("bid_price", 0),
        ("ask_volume", -1),
        ("bid_price", 99),
        ("symbol", None),
        ("event_time", "noon"),
    )
    content = ("bid_volume", 77)

    def body(self, number: int) -> dict[str, Any]:
        time = f"2026-01-01T12:{number % 60:02d}:00Z"
        return {
            "symbol": self.random.choice(["EUA", "BRENT"]), "sequence_id": number, "event_time": time,
            "received_time": time, "bid_price": 31.2, "bid_volume": number % 5, "ask_price": 31.3,
            "ask_volume": 3,
        }  # fmt: skip


class Klines(Made):
    topic = "binance.klines"
    wrong = tuple(("k", {"t": 1, "o": text}) for text in NOT_NUMBERS)
    content = ("k", None)

    def body(self, number: int) -> dict[str, Any]:
        start = epoch_ms(START) + number * 60_000
        amounts = dict.fromkeys("ohlcvqVQ", f"{number}.5")
        k = {"t": start, "T": start + 59_999, "i": "1m", "n": number, "x": number % 2 == 0, **amounts}
        return {"e": "kline", "E": start, "s": "BTCUSDT", "k": k}


class KrakenTrades(Made):
    topic = "kraken.trades"
    wrong = (("data", []), ("data", "none"), ("data", [{"symbol": "BTC/USD"}]))
    content = ("data", [{"symbol": "BTC/USD", "price": 0}])

    def body(self, number: int) -> dict[str, Any]:
        trade = {
            "symbol": "BTC/USD",
            "side": "buy",
            "price": 1.5,
            "qty": 2,
            "timestamp": "2026-01-01T12:00:00Z",
        }
        trades = [{**trade, "trade_id": number * 10 + n} for n in range(self.random.randrange(4))]
        return {"channel": "trade", "type": "update", "data": trades}


@pytest.mark.parametrize("seed", range(2))
def test_tables_equal_a_rebuild(trial: Trial, seed: int) -> None:
    random = Random(seed)
    logs = [Log(feed(random), random) for feed in (Ticks, Klines, KrakenTrades)]
    for _ in range(8):
        for log in logs:
            trial.land(log.feed.topic, log.batch(random.choice([0, 1, 30, 100])))
            if random.random() < 0.3:
                trial.land(log.feed.topic, log.held_back, kind="repair")
                log.held_back = []
            if random.random() < 0.2:
                _correct(trial, log, random)
        trial.must_run("--select", *random.sample(MODELS, random.randint(1, len(MODELS))))
    trial.must_run("--select", *MODELS)
    before = {model: _rows(trial, model) for model in MODELS}
    assert all(before.values())
    trial.must_run("--full-refresh", "--select", *MODELS)
    assert {model: _rows(trial, model) for model in MODELS} == before


def _correct(trial: Trial, log: Log, random: Random) -> None:
    """Some landed messages come to say something else; their batches are replayed."""
    table = "raw." + log.feed.topic.replace(".", "_")
    batches = [row[0] for row in trial.rows(f"select distinct batch_id from {table}")]
    if batches:
        trial.connection.execute(
            f"update {table} set payload = ? where kafka_offset % 7 = ?",
            [log.feed.payload().decode(), random.randrange(7)],
        )
        trial.replay(log.feed.topic, min(batches), max(batches))


def _rows(trial: Trial, model: str) -> list[tuple]:
    relation = trial.project.relation(model)
    return trial.rows(f"select * exclude (batch_id, landed_at) from {relation} order by all")
