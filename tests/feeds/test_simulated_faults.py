"""Each fault does what its name says, and nothing else."""

import json
from collections import Counter, defaultdict
from functools import cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pytest

from ingest.feeds.simulated import Faults, with_faults
from tests.feeds.replica import BookReplica, top_of_ticker
from tests.feeds.simulation import Seen, exchange, seen

if TYPE_CHECKING:
    from decimal import Decimal

COUNT = 8_000


def disturbed(faults: Faults, rate: float = 1_000.0, count: int = COUNT) -> list[Seen]:
    simulated = exchange(rate)
    messages = islice(simulated.messages(), count)
    return list(seen(with_faults(messages, faults, seed=3, resync=simulated.resync)))


@cache
def clean(rate: float = 1_000.0, count: int = COUNT) -> list[Seen]:
    return list(seen(islice(exchange(rate).messages(), count)))


def content(messages: list[Seen]) -> Counter[tuple[str, str, bytes]]:
    return Counter((message.channel, message.symbol, message.payload) for message in messages)


def share(part: int, whole: int) -> float:
    return part / whole


def test_without_faults_nothing_changes() -> None:
    assert disturbed(Faults()) == clean()


def test_faults_can_be_repeated() -> None:
    faults = Faults(
        gaps=0.01,
        duplicates=0.01,
        out_of_order=0.01,
        late=0.01,
        malformed=0.01,
        crossed=0.01,
        clock_skew_ms=-5,
    )
    assert disturbed(faults) == disturbed(faults)


def test_duplicates_come_twice() -> None:
    extra = content(disturbed(Faults(duplicates=0.1))) - content(clean())
    assert share(extra.total(), COUNT) == pytest.approx(0.1, rel=0.2)
    assert not content(clean()) - content(disturbed(Faults(duplicates=0.1)))


def test_out_of_order_messages_are_overtaken_by_the_next_of_their_kind() -> None:
    messages = disturbed(Faults(out_of_order=0.1))
    assert content(messages) == content(clean())
    trades = [
        message.body["t"]
        for message in messages
        if message.symbol == "BTCUSDT" and message.channel == "trade"
    ]
    back = sum(after == before - 1 for before, after in pairwise(trades))
    assert share(back, len(trades)) == pytest.approx(0.1, rel=0.3)
    assert sum(after < before for before, after in pairwise(trades)) == back
    received = [message.received_ns for message in messages]
    assert sorted(received) == received, "an overtaken message was received after its time"


@pytest.mark.parametrize("faults", [Faults(out_of_order=1.0), Faults(late=1.0)])
def test_what_is_held_back_when_the_stream_ends_still_arrives(faults: Faults) -> None:
    for count in range(1, 30):
        assert content(disturbed(faults, count=count)) == content(clean(count=count))


def test_late_messages_arrive_5_to_90_seconds_after_they_happened() -> None:
    messages = disturbed(Faults(late=0.05), rate=100.0)
    assert content(messages) == content(clean(rate=100.0))
    latencies = [
        message.received_ns / 1e9 - message.body["E"] / 1e3
        for message in messages
        if message.channel == "trade"
    ]
    late = [latency for latency in latencies if latency > 1]
    assert share(len(late), len(latencies)) == pytest.approx(0.05, rel=0.3)
    assert 5 <= min(late) < max(late) <= 91
    received = [message.received_ns for message in messages]
    assert sorted(received) == received


def test_malformed_copies_come_before_the_good_message() -> None:
    messages = disturbed(Faults(malformed=0.1))
    broken = content(messages) - content(clean())
    assert not content(clean()) - content(messages)
    assert share(broken.total(), COUNT) == pytest.approx(0.1, rel=0.2)
    kinds = Counter(kind_of(payload) for _, _, payload in broken.elements())
    assert kinds.keys() == {"not json", "not utf-8", "empty", "another message", "not a number"}


def kind_of(payload: bytes) -> str:
    """Why a decoder cannot take it."""
    if not payload:
        return "empty"
    try:
        body = json.loads(payload.decode())
    except UnicodeDecodeError:
        return "not utf-8"
    except json.JSONDecodeError:
        return "not json"
    if b"NaN" in payload:
        return "not a number"
    return "another message" if "code" in body else "sound"


def test_crossed_tickers_have_the_bid_above_the_ask() -> None:
    messages = disturbed(Faults(crossed=0.1))
    tops = [top_of_ticker(message.payload) for message in messages if message.channel == "book_ticker"]
    assert share(sum(bid > ask for bid, _, ask, _ in tops), len(tops)) == pytest.approx(0.1, rel=0.3)
    pairs = zip(messages, clean(), strict=True)
    changed = [(after, before) for after, before in pairs if after != before]
    assert {after.channel for after, _ in changed} == {"book_ticker"}
    for after, before in changed:
        assert after.body.keys() == before.body.keys()
        assert list(after.body) == list(before.body)
        assert after.body["u"] == before.body["u"]


@pytest.mark.parametrize("skew_ms", [-1270, 60_000])
def test_clock_skew_moves_our_clock_only(skew_ms: int) -> None:
    skewed = disturbed(Faults(clock_skew_ms=skew_ms), count=1_000)
    assert skewed == [
        message._replace(received_ns=message.received_ns + skew_ms * 1_000_000)
        for message in clean(count=1_000)
    ]


def test_gaps_lose_trades_and_diffs_and_a_snapshot_follows() -> None:
    messages = disturbed(Faults(gaps=0.02), rate=200.0)
    channels = Counter(message.channel for message in messages)
    trades: dict[str, list[int]] = defaultdict(list)
    replicas: dict[str, BookReplica] = defaultdict(BookReplica)
    gap_at: dict[str, float] = {}
    healed = 0
    for message in messages:
        replica = replicas[message.symbol]
        if message.channel == "trade":
            trades[message.symbol].append(message.body["t"])
        elif message.channel == "depth_snapshot":
            replica.load(message.payload)
            if message.symbol in gap_at:
                assert message.received_ns / 1e9 - gap_at.pop(message.symbol) < 15
                healed += 1
        elif message.channel == "depth" and not replica.apply(message.payload):
            gap_at.setdefault(message.symbol, message.received_ns / 1e9)
    assert healed > 10
    assert channels["book_ticker"] > channels["trade"]
    lost = sum(ids[-1] - ids[0] + 1 - len(ids) for ids in trades.values())
    assert share(lost, channels["trade"]) == pytest.approx(0.02, rel=0.4)


def test_after_every_gap_the_book_is_right_again() -> None:
    exact = 0
    replicas: dict[str, BookReplica] = defaultdict(BookReplica)
    tickers: dict[str, tuple[int, tuple[Decimal, ...]]] = {}
    for message in disturbed(Faults(gaps=0.02), rate=200.0):
        replica = replicas[message.symbol]
        if message.channel == "depth_snapshot":
            replica.load(message.payload)
        elif message.channel == "book_ticker":
            tickers[message.symbol] = message.body["u"], top_of_ticker(message.payload)
        elif message.channel == "depth" and replica.apply(message.payload):
            update_id, top = tickers.get(message.symbol, (0, ()))
            if update_id == replica.update_id:
                assert replica.top() == top
                exact += 1
    assert exact > 100
