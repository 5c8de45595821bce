"""Messages of every topic, made up from a seed: enough to put rows into every model, and few beyond that.

everything(seed) ─▶ {topic: records} ─▶ in_two ─▶ land(warehouse, records), once before a build and once after
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any

import pyarrow as pa

from ingest.core.message import Message, feed_headers
from ingest.core.topics import BY_NAME
from ingest.core.window import Partition, Window
from ingest.feeds import coinbase
from ingest.feeds.binance.channels import TOPIC_OF_CHANNEL
from ingest.feeds.frame import Frame
from ingest.feeds.simulated import RateClock, SimulatedExchange
from ingest.feeds.ticks import START_PRICES, TickFaults, TickSimulator
from ingest.feeds.transport.events import feed_event
from ingest.warehouse.protocol import Batch, Landing, Warehouse
from ingest.warehouse.raw_schema import SCHEMA
from tests.dbt.captured import EPOCH_US, Change, MadeUpDatabase, envelope
from tests.dbt.captured import records as captured_records
from tests.dbt.feeds import START, BookTickers, CoinbaseTrades, Depth, SparseTrades
from tests.dbt.log import Log, Record, as_record
from tests.dbt.recordings import as_records, lines_of_market
from tests.dbt.second_books import SecondBooks
from tests.dbt.test_books_of_other_venues import KRAKEN, Listener
from tests.dbt.test_trends import minute_bars
from tests.dbt.trades import binance_trade
from tests.feeds_to_marts.test_gaps import streamed_kline
from tests.feeds_to_marts.test_other_venues import MATCH, SNAPSHOT, UPDATE
from tests.support.captures import COINBASE, FOLDER, SPOT, path_of

Records = dict[str, list[Record]]
NUMBERS = (
    *("price", "price_change", "price_change_pct", "vwap", "open", "high", "low", "close", "volume"),
    *("notional", "quantity", "taker_buy_volume", "taker_buy_notional"),
)
FEEDS = (SparseTrades, BookTickers, Depth, CoinbaseTrades, SecondBooks)


def everything(seed: int) -> Records:
    """By topic, one partition each. Some messages are broken, contradict each other, or come twice."""
    random = Random(seed)
    found: Records = {}
    for message in _messages(seed):
        _add(found, message.topic, _record(message, len(found.get(message.topic, ()))))
    for topic, record in _recorded():
        _add(found, topic, record)
    for feed in FEEDS:
        for record in Log(feed(random), random).batch(60):
            _add(found, feed.topic, record)
    listener = Listener(seed, lost=0.02)
    listener.listen(60)
    found[KRAKEN] = listener.records
    found["replay.ohlcv"] = minute_bars([100 + minute % 7 for minute in range(14)])
    database = MadeUpDatabase(random)
    for _ in range(12):
        database.step()
    for topic, record in (*captured_records(database.changes, random), *_other_tables()):
        _add(found, topic, record)
    return found


def in_two(records: Records) -> tuple[Records, Records]:
    """Of each topic what comes first, and what comes later."""
    return (
        {topic: found[: -(-len(found) * 2 // 3)] for topic, found in records.items()},
        {topic: found[-(-len(found) * 2 // 3) :] for topic, found in records.items()},
    )


def land(warehouse: Warehouse, records: Records) -> None:
    """As the drain does: a batch of each topic, behind what has landed."""
    known = warehouse.positions()
    for topic, found in records.items():
        if not found:
            continue
        position = known[topic].next_offsets[0] if topic in known else None
        rows = pa.Table.from_pylist([{"kafka_topic": topic, **record} for record in found], SCHEMA)
        offsets = [int(str(record["kafka_offset"])) for record in found]
        window = Window(Partition(topic, 1, 0), position or 0, max(offsets) + 1)
        landing = Landing(window, rows, position)
        warehouse.land(Batch(topic, BY_NAME[topic].raw_table, 1, None, "first seen", [landing]), None)


def _messages(seed: int) -> Iterator[Message]:
    exchange = SimulatedExchange(RateClock(START, 100), seed, topics=TOPIC_OF_CHANNEL)
    yield from islice(exchange.messages(), 400)
    faults = TickFaults(missing_field=0.1, crossed=0.1, old_sequence=0.1, gaps=0.1)
    yield from islice(TickSimulator(RateClock(START, 10), seed, list(START_PRICES), faults).messages(), 60)
    for text in (SNAPSHOT, UPDATE, MATCH):
        message = coinbase.address(Frame(1, text.encode()))
        assert message is not None
        yield message
    for symbol, price in (("BTCUSDT", "1"), ("ETHUSDT", "5"), ("BTCUSDT", "2")):
        yield _said("binance.prices", {"symbol": symbol, "price": price}, symbol)
    for number in (7, 8):
        yield _said("kraken.trades", _kraken_trades(number), "BTC/USD", venue="kraken")
    yield _said("binance.klines", json.loads(streamed_kline(0).replace(b"BTCUSDT", b"LTCUSDT")), "LTCUSDT")
    yield _said("binance.trades", {**_hourly_trade(0), "new": 1}, "SOLUSDT", channel="trade")
    for hour in range(1, 27):
        yield _said("binance.trades", _hourly_trade(hour), "SOLUSDT", channel="trade")
    for kind in ("connected", "silent", "disconnected"):
        yield feed_event("binance", kind, "binance/0")


def _recorded() -> Iterator[tuple[str, Record]]:
    """The beginning of real recordings, where they are."""
    if not FOLDER.is_dir():
        return
    for topic, records in as_records(islice(lines_of_market(path_of(SPOT)), 300)).items():
        yield from ((topic, record) for record in records)
    for line in path_of(COINBASE).read_text().splitlines()[:100]:
        is_sent_by_venue = ": {" in line and "<-" not in line
        message = coinbase.address(Frame(1, line[line.index("{") :].encode())) if is_sent_by_venue else None
        if message is not None:
            yield message.topic, _record(message, 0)


def _hourly_trade(hour: int) -> Mapping[str, Any]:
    at = START + timedelta(hours=hour - 26)
    return json.loads(
        binance_trade("SOLUSDT", hour, f"{at:%Y-%m-%d %H:%M:%S}", str(100 + hour % 5), "1").payload
    )


def _said(
    topic: str, body: Mapping[str, Any], symbol: str, venue: str = "binance", channel: str = ""
) -> Message:
    headers = feed_headers(venue, symbol, channel, int(START.timestamp() * 1e9))
    return Message(topic, symbol.encode(), json.dumps(body).encode(), headers)


def _kraken_trades(number: int) -> dict[str, Any]:
    trade = {"symbol": "BTC/USD", "side": "buy", "price": 93000.1, "qty": 1e-8, "ord_type": "market"}
    at = f"2026-01-01T12:00:0{number}.5Z"
    return {"channel": "trade", "type": "update", "data": [{**trade, "trade_id": number, "timestamp": at}]}


def _other_tables() -> Iterator[tuple[str, Record]]:
    """A row each of the tables that MadeUpDatabase does not have."""
    times = dict.fromkeys(
        ("window_start_at", "window_end_at", "polled_at", "traded_at"), "2026-01-01T12:00:00Z"
    )
    for number, table in enumerate(("stats", "trades", "candles")):
        row = {**times, **dict.fromkeys(NUMBERS, "1.5"), "trade_count": 3, "trade_id": 7, "symbol": "X"}
        change = Change(table, "c", 10 + number, '{"symbol":"X"}', {**row, "buyer_is_maker": True}, EPOCH_US)
        record = as_record(envelope(change), 0, number, START)
        yield f"cdc.binance.{table}", {**record, "headers": [], "key": change.key}


def _record(message: Message, offset: int) -> Record:
    headers = [
        {"name": name, "value": value.decode(), "value_bytes": None} for name, value in message.headers
    ]
    at = START + timedelta(milliseconds=50 * offset)
    return {**as_record(message.payload, 0, offset, at), "headers": headers}


def _add(found: Records, topic: str, record: Record) -> None:
    """Behind the others of its topic."""
    known = found.setdefault(topic, [])
    known.append({**record, "kafka_partition": 0, "kafka_offset": len(known)})
