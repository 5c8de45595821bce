"""Binance's live feed against a stand-in that misbehaves: what was sent comes out, whatever happens."""

import gc
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import pytest

from ingest.core.errors import SettingsInvalid
from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds.binance.live import BinanceLive
from ingest.feeds.binance.markets import Market, futures, spot
from ingest.feeds.transport.socket import Endurance
from tests.support.stand_in import Answer, Books, StandIn, awaited, snapshot

QUICK = Endurance(silence_seconds=20, retry_seconds=(0.01, 0.05), overlap_seconds=0.2)
Markets = Callable[[Settings], Market]


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def exchange(books: Books) -> Iterator[StandIn]:
    with StandIn() as exchange:
        exchange.answer = books.answer
        yield exchange


@contextmanager
def live(
    exchange: StandIn,
    channels: str = "trade,depth,book_ticker",
    endurance: Endurance = QUICK,
    market: Markets = spot,
    symbols: str = "BTCUSDT",
) -> Iterator[Generator[Message]]:
    """A running source; connected, and past its first note."""
    settings = Settings(
        binance_stream_url=exchange.stream_url,
        binance_rest_url=exchange.rest_url,
        binance_usdm_stream_url=exchange.stream_url,
        binance_usdm_rest_url=exchange.rest_url,
    )
    source = BinanceLive(
        market(settings), symbols.split(","), channels.split(","), endurance, rest_retry_seconds=(0.01, 0.05)
    )
    messages = source.messages()
    try:
        yield messages
    finally:
        messages.close()


def kind(message: Message) -> str:
    return dict(message.headers)["channel"].decode()


def until(messages: Iterator[Message], wanted: Callable[[Message], bool]) -> list[Message]:
    """All up to the first that is wanted, and that."""
    found: list[Message] = []
    for message in messages:
        found.append(message)
        if wanted(message):
            return found
    raise AssertionError(f"the feed ended; it gave {found}")


def until_kind(messages: Iterator[Message], name: str) -> list[Message]:
    return until(messages, lambda message: kind(message) == name)


def trade(number: int) -> bytes:
    return json.dumps({"e": "trade", "E": 1, "s": "BTCUSDT", "t": number, "p": "1", "q": "1"}).encode()


def change(first: int, last: int, previous: int | None = None) -> bytes:
    pu = "" if previous is None else f'"pu":{previous},'
    return f'{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":{first},"u":{last},{pu}"b":[],"a":[]}}'.encode()


def trade_ids(messages: list[Message]) -> list[int]:
    return [json.loads(m.payload or b"")["data"]["t"] for m in messages if kind(m) == "trade"]


def test_frames_come_out_as_they_were_sent(exchange: StandIn) -> None:
    with live(exchange) as messages:
        until_kind(messages, "depth_snapshot")
        exchange.send("btcusdt@trade", trade(1))
        (message,) = until_kind(messages, "trade")
        exchange.send("btcusdt@bookTicker", b'{"u":1,"new":{"field":[1]}}')
        (drifted,) = until_kind(messages, "book_ticker")
    assert exchange.paths == ["/stream?streams=btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker"]
    assert message.payload == b'{"stream":"btcusdt@trade","data":' + trade(1) + b"}"
    assert (message.topic, message.key) == ("binance.trades", b"BTCUSDT")
    assert dict(message.headers)["venue"] == b"binance"
    assert drifted.payload == b'{"stream":"btcusdt@bookTicker","data":{"u":1,"new":{"field":[1]}}}'


def test_every_book_gets_a_snapshot_also_one_that_does_not_move(exchange: StandIn, books: Books) -> None:
    books.last_ids = {"BTCUSDT": 7, "ETHUSDT": 8}
    with live(exchange, symbols="BTCUSDT,ETHUSDT") as messages:
        found = [*until_kind(messages, "depth_snapshot"), *until_kind(messages, "depth_snapshot")]
    snapshots = {message.key: message.payload for message in found if kind(message) == "depth_snapshot"}
    assert snapshots == {b"BTCUSDT": snapshot(7), b"ETHUSDT": snapshot(8)}
    assert {asked.path for asked in exchange.asked} == {"/api/v3/depth"}


def test_futures_have_hosts_paths_and_a_venue_of_their_own(exchange: StandIn) -> None:
    with live(exchange, market=futures) as messages:
        message = until_kind(messages, "depth_snapshot")[-1]
    assert {asked.path for asked in exchange.asked} == {"/fapi/v1/depth"}
    assert dict(message.headers)["venue"] == b"binance_usdm"


def test_a_snapshot_older_than_the_changes_is_taken_again(exchange: StandIn, books: Books) -> None:
    with live(exchange) as messages:
        until_kind(messages, "depth_snapshot")
        exchange.answers = [Answer(snapshot(5)), Answer(snapshot(8))]
        books.last_ids["BTCUSDT"] = 9
        exchange.send("btcusdt@depth@100ms", change(10, 12))
        found = until_kind(messages, "depth_snapshot")
    assert found[-1].payload == snapshot(9)


@pytest.mark.parametrize(
    ("market", "changes", "snapshots"),
    [
        (spot, [(1, 5), (6, 9), (10, 10)], 0),
        (spot, [(1, 5), (6, 9), (11, 12)], 1),
        (spot, [(1, 5), (6, 9), (6, 9), (1, 5), (10, 11)], 0),
        (futures, [(1, 5, 0), (90, 99, 5), (200, 210, 99)], 0),
        (futures, [(1, 5, 0), (90, 99, 6), (200, 210, 99)], 1),
    ],
    ids=["follows", "gap", "twice", "futures follow", "futures gap"],
)
def test_a_gap_asks_for_a_snapshot_and_nothing_else_does(
    exchange: StandIn, books: Books, market: Markets, changes: list[tuple[int, ...]], snapshots: int
) -> None:
    with live(exchange, market=market) as messages:
        until_kind(messages, "depth_snapshot")
        books.last_ids["BTCUSDT"] = 1_000
        for numbers in changes:
            exchange.send("btcusdt@depth@100ms", change(*numbers))
        for _ in range(snapshots):
            until_kind(messages, "depth_snapshot")
        exchange.send("btcusdt@trade", trade(1))
        rest = until_kind(messages, "trade")
    assert len(exchange.asked) == 1 + snapshots
    assert not [message for message in rest if kind(message) == "depth_snapshot"]


@pytest.mark.parametrize("misbehave", [StandIn.cut_mid_frame, StandIn.close], ids=["mid-frame", "24 h close"])
def test_after_a_cut_it_is_back_with_the_same_streams(
    exchange: StandIn, books: Books, misbehave: Callable[[StandIn], None]
) -> None:
    with live(exchange) as messages:
        until_kind(messages, "depth_snapshot")
        exchange.send("btcusdt@depth@100ms", change(1, 5))
        misbehave(exchange)
        exchange.wait_for_connections(2)
        books.last_ids["BTCUSDT"] = 30
        exchange.send("btcusdt@trade", trade(2))
        exchange.send("btcusdt@depth@100ms", change(20, 25))
        found = until_kind(messages, "depth_snapshot")
    assert exchange.paths[0] == exchange.paths[1]
    kinds = [kind(message) for message in found]
    assert kinds == ["depth", "disconnected", "connected", "trade", "depth", "depth_snapshot"]


def test_a_connection_that_is_open_and_says_nothing_is_given_up(exchange: StandIn) -> None:
    endurance = Endurance(silence_seconds=0.1, retry_seconds=(0.01, 0.05))
    with live(exchange, "trade", endurance) as messages:
        found = until_kind(messages, "silent")
        until_kind(messages, "connected")
    assert json.loads(found[-1].payload or b"")["detail"] == "nothing for 0.1 s"


def test_a_connection_that_answers_no_pings_is_given_up(exchange: StandIn) -> None:
    endurance = Endurance(ping_seconds=0.3, retry_seconds=(0.01, 0.05))
    with live(exchange, "trade", endurance) as messages:
        until_kind(messages, "connected")
        exchange.stop_reading()
        found = until_kind(messages, "disconnected")
        until_kind(messages, "connected")
    assert "ping timeout" in json.loads(found[-1].payload or b"")["detail"]


def test_before_the_venue_cuts_it_another_connection_takes_over_and_nothing_is_lost(
    exchange: StandIn,
) -> None:
    endurance = Endurance(renew_seconds=0.2, overlap_seconds=0.1, retry_seconds=(0.01, 0.05))
    with live(exchange, "trade", endurance) as messages:
        until_kind(messages, "connected")
        sent, found = 0, []
        while sum(kind(message) == "renewed" for message in found) < 3:
            sent += 1
            exchange.send("btcusdt@trade", trade(sent))
            found += until(messages, lambda message, number=sent: number in trade_ids([message]))
        awaited("the last connection alone", lambda: exchange.open_count == 1)
    assert sorted(set(trade_ids(found))) == list(range(1, sent + 1))
    assert not [message for message in found if kind(message) == "disconnected"]


def test_an_end_in_the_middle_of_a_renewal_leaves_nothing_behind(
    exchange: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    endurance = Endurance(renew_seconds=0.05, overlap_seconds=60, retry_seconds=(0.01, 0.05))
    with live(exchange, "trade", endurance) as messages:
        until_kind(messages, "connected")
        until_kind(messages, "connected")
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
    awaited("no connection", lambda: exchange.open_count == 0)


@pytest.mark.parametrize("status", [429, 418])
def test_when_it_asked_too_often_it_waits_as_long_as_it_is_told(exchange: StandIn, status: int) -> None:
    exchange.answers = [Answer(b"", status, (("Retry-After", "1"),))]
    with live(exchange) as messages:
        until_kind(messages, "depth_snapshot")
    first, second = exchange.asked
    assert second.at - first.at >= 1.0


def test_an_exchange_in_trouble_is_asked_again(exchange: StandIn) -> None:
    exchange.answers = [Answer(b"", 502), Answer(b"", 503)]
    exchange.refusals = [503, 429]
    with live(exchange) as messages:
        found = until_kind(messages, "depth_snapshot")
    assert [kind(message) for message in found[:3]] == ["disconnected", "disconnected", "connected"]
    assert len(exchange.asked) == 3


@pytest.mark.parametrize("status", [403, 451])
@pytest.mark.parametrize("market", [spot, futures])
def test_a_country_that_is_not_served_is_told_which_setting_to_change(
    exchange: StandIn, market: Markets, status: int
) -> None:
    prefix = "BINANCE" if market is spot else "BINANCE_USDM"
    exchange.answers = [Answer(b"", status)]
    with (
        pytest.raises(SettingsInvalid, match=f"HTTP {status}.*{prefix}_REST_URL"),
        live(exchange, market=market) as messages,
    ):
        until_kind(messages, "never")
    exchange.refusals = [status]
    with (
        pytest.raises(SettingsInvalid, match=f"HTTP {status}.*{prefix}_STREAM_URL"),
        live(exchange, market=market) as messages,
    ):
        until_kind(messages, "never")


def test_a_symbol_that_there_is_not_is_told(exchange: StandIn) -> None:
    exchange.answers = [Answer(b'{"code":-1121,"msg":"Invalid symbol."}', 400)]
    with pytest.raises(SettingsInvalid, match=r"BTCUSDT.*Invalid symbol"), live(exchange) as messages:
        until_kind(messages, "never")


def test_a_frame_of_no_topic_is_kept_as_it_came(exchange: StandIn) -> None:
    with live(exchange, "trade") as messages:
        until_kind(messages, "connected")
        for payload in (b'{"stream":"btcusdt@unheard","data":{}}', b"not json"):
            exchange.send_frame(payload)
            assert until_kind(messages, "unaddressed")[-1].payload == payload


def test_many_symbols_share_few_connections(exchange: StandIn) -> None:
    symbols = ",".join(f"COIN{number}USDT" for number in range(150))
    with live(exchange, "trade,book_ticker", symbols=symbols) as messages:
        until_kind(messages, "connected")
        until_kind(messages, "connected")
    assert sorted(path.count("@") for path in exchange.paths) == [100, 200]
