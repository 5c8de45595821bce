"""Coinbase and Kraken against a stand-in: books, trades, a checksum that fails, and their staging."""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest.core.errors import SettingsInvalid
from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds import coinbase
from ingest.feeds.coinbase import coinbase_live
from ingest.feeds.frame import Frame
from ingest.feeds.kraken import KrakenAddresses, KrakenBook, kraken_live
from ingest.feeds.transport.socket import Endurance
from tests.dbt.log import as_record
from tests.dbt.trial import Trial
from tests.feeds_to_marts.test_binance_live import kind, until_kind
from tests.support.captures import COINBASE, needs_captures, path_of
from tests.support.stand_in import StandIn

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
QUICK = Endurance(silence_seconds=20, retry_seconds=(0.01, 0.05))

SNAPSHOT = '{"type":"snapshot","product_id":"BTC-USD","asks":[["2","1"]],"bids":[["1","1"]]}'
UPDATE = (
    '{"type":"l2update","product_id":"BTC-USD","changes":[["sell","2","0"]],"time":"2026-01-01T11:59:59.5Z"}'
)
MATCH = (
    '{"type":"match","trade_id":9,"maker_order_id":"a","taker_order_id":"b","side":"sell","size":"0.5",'
    '"price":"93000.01","product_id":"BTC-USD","sequence":1,"time":"2026-01-01T11:59:59.089723Z"}'
)


@pytest.fixture
def exchange() -> Iterator[StandIn]:
    with StandIn() as exchange:
        yield exchange


@contextmanager
def live(exchange: StandIn, open_feed: Callable[..., Any], symbol: str) -> Iterator[Generator[Message]]:
    settings = Settings(coinbase_stream_url=exchange.stream_url, kraken_stream_url=exchange.stream_url)
    messages = open_feed(settings, [symbol], QUICK).messages()
    try:
        yield messages
    finally:
        messages.close()


def test_coinbase_subscribes_and_addresses_what_comes(exchange: StandIn) -> None:
    with live(exchange, coinbase_live, "BTC-USD") as messages:
        until_kind(messages, "connected")
        for text in (SNAPSHOT, '{"type":"heartbeat"}', '{"type":"subscriptions"}', UPDATE, MATCH):
            exchange.send_frame(text.encode())
        found = until_kind(messages, "match")
    assert [kind(message) for message in found] == ["snapshot", "subscribed", "l2update", "match"]
    assert [message.topic for message in found if message.topic != "feeds.events"] == [
        "coinbase.books",
        "coinbase.books",
        "coinbase.trades",
    ]
    assert {message.key for message in found if message.topic != "feeds.events"} == {b"BTC-USD"}
    (said,) = exchange.said
    assert json.loads(said)["product_ids"] == ["BTC-USD"]


def test_a_product_that_there_is_not_is_told(exchange: StandIn) -> None:
    with live(exchange, coinbase_live, "X-Y") as messages:
        until_kind(messages, "connected")
        exchange.send_frame(b'{"type":"error","message":"no such product"}')
        with pytest.raises(SettingsInvalid, match="no such"):
            until_kind(messages, "never")


@needs_captures
def test_a_recording_of_coinbase(trial: Trial) -> None:
    lines = path_of(COINBASE).read_text().splitlines()
    payloads = [line[line.index("{") :].encode() for line in lines if ": {" in line and "<-" not in line]
    messages = [coinbase.address(Frame(1, payload)) for payload in payloads]
    landed = [message for message in messages if message is not None and message.topic != "feeds.events"]
    land(trial, landed)
    trial.must_run("--select", "stg_coinbase__book_messages", "stg_coinbase__trades")
    counts = """select kind, count(*) from staging.stg_coinbase__book_messages
                where rejected_reason is null group by all order by all"""
    assert trial.rows(counts) == [("diff", 9719), ("snapshot", 10)]
    assert trial.rows("select rejected_reason, count(*) from staging.stg_coinbase__trades group by all") == [
        (None, 107)
    ]


def test_coinbase_names_the_makers_side(trial: Trial) -> None:
    land(trial, [message for text in (SNAPSHOT, UPDATE, MATCH) if (message := address(text))])
    trial.must_run("--select", "stg_coinbase__book_messages", "stg_coinbase__trades")
    assert trial.rows("select trade_id, price, taker_side, event_at from staging.stg_coinbase__trades") == [
        (9, Decimal("93000.01"), "buy", datetime(2026, 1, 1, 11, 59, 59, 89723))  # noqa: DTZ001
    ]
    assert trial.rows(
        "select kind, changes, rejected_reason from staging.stg_coinbase__book_messages order by kind"
    ) == [("diff", '[["sell","2","0"]]', None), ("snapshot", None, None)]


def address(text: str) -> Message | None:
    return coinbase.address(Frame(1, text.encode()))


def levels(*pairs: tuple[str, str]) -> str:
    return ",".join(f'{{"price":{price},"qty":{quantity}}}' for price, quantity in pairs)


def book(form: str, bids: str, asks: str, checksum: int | None) -> bytes:
    told = "" if checksum is None else f',"checksum":{checksum}'
    return (
        f'{{"channel":"book","type":"{form}","data":[{{"symbol":"BTC/USD","bids":[{bids}],"asks":[{asks}]'
        f'{told},"timestamp":"2026-01-01T11:59:59.5Z"}}]}}'
    ).encode()


def test_the_checksum_is_that_of_krakens_own_example() -> None:
    asks = [{"price": f"0.{5005 + 5 * n:05d}", "qty": "0.00000500"} for n in range(10)]
    prices = [5000, 4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4950]
    kept = KrakenBook()
    kept.apply(
        {"asks": asks[::-1], "bids": [{"price": f"0.{p:05d}", "qty": "0.00000500"} for p in prices]},
        is_snapshot=True,
    )
    assert kept.checksum() == 974947235


def test_krakens_numbers_are_taken_as_they_are_written() -> None:
    addresses = KrakenAddresses()
    kept = KrakenBook()
    first = {
        "bids": [{"price": "45283.50", "qty": "0.10000000"}],
        "asks": [{"price": "45285.20", "qty": "1"}],
    }
    kept.apply(first, is_snapshot=True)
    snapshot = book(
        "snapshot", levels(("45283.50", "0.10000000")), levels(("45285.20", "1")), kept.checksum()
    )
    update = book("update", levels(("45283.50", "0")), levels(("45284.00", "2.50")), 1)
    results = [dict(_addressed(addresses, payload).headers)["checksum"] for payload in (snapshot, update)]
    assert results == [b"ok", b"failed"]
    assert dict(_addressed(addresses, book("snapshot", "", "", None)).headers)["checksum"] == b"absent"


def _addressed(addresses: KrakenAddresses, payload: bytes) -> Message:
    message = addresses.address(Frame(1, payload))
    assert message is not None
    return message


def test_levels_beyond_the_depth_are_forgotten() -> None:
    kept, other = KrakenBook(), KrakenBook()
    side = [{"price": str(100 + n), "qty": "1"} for n in range(11)]
    kept.apply({"asks": side}, is_snapshot=True)
    kept.apply({"asks": [{"price": "100", "qty": "0"}]}, is_snapshot=False)
    other.apply({"asks": side[1:10]}, is_snapshot=True)
    assert kept.checksum() == other.checksum()


def test_after_a_checksum_that_fails_the_connection_is_made_anew(exchange: StandIn) -> None:
    with live(exchange, kraken_live, "BTC/USD") as messages:
        until_kind(messages, "connected")
        exchange.send_frame(b'{"channel":"heartbeat"}')
        exchange.send_frame(book("snapshot", levels(("1", "1")), levels(("2", "1")), 1))
        found = until_kind(messages, "connected")
    assert [kind(message) for message in found] == ["snapshot", "disconnected", "connected"]
    assert "the checksum of BTC/USD fails" in json.loads(found[1].payload or b"")["detail"]


def test_kraken_in_staging(trial: Trial) -> None:
    trade = '{"symbol":"BTC/USD","side":"sell","price":93000.10,"qty":0.50000000,"trade_id":%d,%s}'
    time = '"timestamp":"2026-01-01T11:59:59.708706Z"'
    trades = ",".join([trade % (1, time), trade % (2, '"x":1')])
    addresses = KrakenAddresses()
    payloads = [
        f'{{"channel":"trade","type":"update","data":[{trades}]}}'.encode(),
        book("snapshot", levels(("1", "1")), levels(("2", "1")), None),
        book("update", levels(("1", "3")), "", 5),
    ]
    land(trial, [_addressed(addresses, payload) for payload in payloads])
    trial.must_run("--select", "stg_kraken__book_messages", "stg_kraken__trades")
    assert trial.rows(
        """select trade_index, trade_id, price, quantity, taker_side, rejected_reason
           from staging.stg_kraken__trades order by 1"""
    ) == [
        (0, 1, Decimal("93000.1"), Decimal("0.5"), "sell", None),
        (1, 2, Decimal("93000.1"), Decimal("0.5"), "sell", "missing_field"),
    ]
    assert trial.rows(
        """select kind, bids, checksum, checksum_result, rejected_reason
           from staging.stg_kraken__book_messages order by kind desc"""
    ) == [
        ("snapshot", '[["1","1"]]', None, "absent", None),
        ("diff", '[["1","3"]]', 5, "failed", "bad_checksum"),
    ]


def test_krakens_smallest_numbers_are_exact(trial: Trial) -> None:
    trade = '{"symbol":"PEPE/USD","side":"buy","price":0.00000980,"qty":0.00000010,"trade_id":1,%s}'
    trades = trade % '"timestamp":"2026-01-01T11:59:59.708706Z"'
    payloads = [
        f'{{"channel":"trade","type":"update","data":[{trades}]}}'.encode(),
        book("snapshot", levels(("0.00000980", "45.10000000")), levels(), None),
    ]
    land(trial, [_addressed(KrakenAddresses(), payload) for payload in payloads])
    trial.must_run("--select", "+stg_kraken__book_levels", "stg_kraken__trades")
    assert trial.rows("select price, quantity, rejected_reason from staging.stg_kraken__trades") == [
        (Decimal("0.0000098"), Decimal("0.0000001"), None)
    ]
    assert trial.rows("select price, quantity from staging.stg_kraken__book_levels") == [
        (Decimal("0.0000098"), Decimal("45.1"))
    ]
    assert trial.rows(
        "select bids, price_decimals, quantity_decimals from staging.stg_kraken__book_messages"
    ) == [('[["0.00000980","45.10000000"]]', 8, 8)]


def land(trial: Trial, messages: list[Message]) -> None:
    """As the drain does."""
    for topic in {message.topic for message in messages}:
        records = [
            {
                **as_record(message.payload, 0, number, NOW),
                "headers": [
                    {"name": name, "value": value.decode(), "value_bytes": None}
                    for name, value in message.headers
                ],
            }
            for number, message in enumerate(messages)
            if message.topic == topic
        ]
        trial.land(topic, records)
