"""Where the simulated feeds were when they stopped: read from the ends of their topics in Kafka.

last messages of a topic ─▶ the newest numbers and price of each market ─▶ the next run goes on from them

Without it a demo that is started again would leave a hole of a billion numbers.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ingest.core.settings import Settings
from ingest.feeds.simulated.exchange import SIMULATED
from ingest.feeds.simulated.standing import Standing
from ingest.feeds.simulated.symbols import units
from ingest.feeds.ticks import TOPIC, TickStanding
from ingest.kafka.log import KafkaLog, Records
from ingest.kafka.open import open_log

LAST_MESSAGES = 10_000
"""Of each partition. A fault may have brought the newest number a while ago."""
AT_ONCE_BYTES = 32 * 2**20
TRADES, DEPTH = "binance.trades", "binance.depth"
NUMBERS = frozenset(("t", "u", "lastUpdateId", "sequence_id"))
"""What messages are numbered by."""


@contextmanager
def simulating(settings: Settings, feed: str = SIMULATED) -> Iterator[bool]:
    """Whether nobody else in this home simulates that meanwhile: two cannot share one row of numbers."""
    settings.tickhouse_home.mkdir(parents=True, exist_ok=True)
    with (settings.tickhouse_home / f"{feed}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def standings(settings: Settings) -> dict[str, Standing]:
    """By market, those that ever traded and had a book."""
    log = open_log(settings)
    try:
        trades = dict[str, tuple[int, int]]()
        for symbol, trade in _last_messages(log, TRADES):
            price = units(trade["p"])
            trades[symbol] = max(trades.get(symbol, (0, 0)), (int(trade["t"]), price))
        updates = dict[str, int]()
        for symbol, change in _last_messages(log, DEPTH):
            number = int(change.get("u") or change["lastUpdateId"])
            updates[symbol] = max(updates.get(symbol, 0), number)
    finally:
        log.close()
    return {
        symbol: Standing(trade_id=trade_id, update_id=updates[symbol], price=price)
        for symbol, (trade_id, price) in trades.items()
        if symbol in updates
    }


def tick_standings(settings: Settings) -> dict[str, TickStanding]:
    """By market, those that ever ticked."""
    log = open_log(settings)
    found = dict[str, TickStanding]()
    try:
        for symbol, tick in _last_messages(log, TOPIC):
            price = float(tick["bid_price"] or 0)
            found[symbol] = max(
                found.get(symbol, TickStanding(0, 0.0)), TickStanding(int(tick["sequence_id"]), price)
            )
    finally:
        log.close()
    return found


def _last_messages(log: KafkaLog, topic: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each readable one of a simulated feed, with its symbol."""
    state = log.states([topic]).get(topic)
    windows = {
        number: (max(bounds.start, bounds.end - LAST_MESSAGES), bounds.end)
        for number, bounds in (state.bounds.items() if state else ())
    }
    for chunk in log.read(topic, windows, LAST_MESSAGES, AT_ONCE_BYTES):
        for records in chunk:
            yield from _simulated(records)


def _simulated(records: Records) -> Iterator[tuple[str, Mapping[str, str]]]:
    columns = (records.rows.column(name).to_pylist() for name in ("key", "value", "headers"))
    for key, payload, headers in zip(*columns, strict=True):
        if key is None or {"name": "venue", "value": SIMULATED.encode()} not in headers:
            continue
        try:
            body = json.loads(payload or b"")
            # A fault may have broken its numbers, too.
            if "NaN" not in body.values() and not NUMBERS.isdisjoint(body):
                yield key.decode(), body
        except ValueError:
            continue
