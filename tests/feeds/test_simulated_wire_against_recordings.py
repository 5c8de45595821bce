"""What Binance really sent, read and written again by the simulator's wire module, comes out the same."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest.feeds.simulated import wire
from ingest.feeds.simulated.book import Diff, Level
from ingest.feeds.simulated.symbols import units
from ingest.feeds.simulated.tape import Candle, Trade
from tests.support.captures import MARKS, SEVERAL_ANSWERS, SEVERAL_STREAMS, SPOT, path_of

pytestmark = list(MARKS)


def lines() -> Iterator[str]:
    """The JSON of each recorded message."""
    with gzip.open(path_of(SPOT), "rt") as spot:
        yield from (line.partition(" ")[2].rstrip() for line in spot)
    for recording in (SEVERAL_STREAMS, SEVERAL_ANSWERS):
        for line in path_of(recording).read_text().splitlines():
            yield line[line.find("{") :] if "{" in line else ""


def levels(pairs: list[list[str]]) -> list[Level]:
    return [(units(price), units(quantity)) for price, quantity in pairs]


def trade(body: dict[str, Any]) -> bytes:
    made = Trade(body["t"], units(body["p"]), units(body["q"]), body["T"], body["m"])
    return wire.trade(body["E"], body["s"], made)


def agg_trade(body: dict[str, Any]) -> bytes:
    price, quantity = units(body["p"]), units(body["q"])
    trades = [Trade(body["f"], price, quantity, body["T"], body["m"])]
    if body["l"] != body["f"]:
        trades.append(Trade(body["l"], price, 0, body["T"], body["m"]))
    return wire.agg_trade(body["E"], body["s"], body["a"], trades)


def depth_update(body: dict[str, Any]) -> bytes:
    diff = Diff(body["U"], body["u"], levels(body["b"]), levels(body["a"]))
    return wire.depth_update(body["E"], body["s"], diff)


def book_ticker(body: dict[str, Any]) -> bytes:
    bid, bid_quantity, ask, ask_quantity = (units(body[name]) for name in "bBaA")
    return wire.book_ticker(body["u"], body["s"], (bid, bid_quantity, ask, ask_quantity))


def snapshot(body: dict[str, Any]) -> bytes:
    return wire.depth_snapshot(body["lastUpdateId"], levels(body["bids"]), levels(body["asks"]))


def kline(body: dict[str, Any]) -> bytes:
    k = body["k"]
    candle = Candle(
        start_ms=k["t"],
        first_id=k["f"],
        open=units(k["o"]),
        high=units(k["h"]),
        low=units(k["l"]),
        close=units(k["c"]),
        last_id=k["L"],
        count=k["n"],
        volume=units(k["v"]),
        notional=units(k["q"]),
        taker_volume=units(k["V"]),
        taker_notional=units(k["Q"]),
    )
    return wire.kline_1m(body["E"], body["s"], candle, is_closed=k["x"])


WRITERS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "trade": trade,
    "aggTrade": agg_trade,
    "depthUpdate": depth_update,
    "kline": kline,
    "bookTicker": book_ticker,
    "snapshot": snapshot,
}


def kind_of(body: dict[str, Any]) -> str:
    return body.get("e") or (
        "snapshot" if "lastUpdateId" in body else "bookTicker" if "B" in body else "other"
    )


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Recorded messages by kind: as text, and parsed."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for line in filter(None, lines()):
        text = line[line.index('"data":') + len('"data":') : -1] if line.startswith('{"stream"') else line
        body = json.loads(text)
        found.setdefault(kind_of(body), []).append((text, body))
    return found


@pytest.mark.parametrize("kind", WRITERS)
def test_written_again_byte_for_byte(
    kind: str, recorded: dict[str, list[tuple[str, dict[str, Any]]]]
) -> None:
    assert recorded[kind]
    for text, body in recorded[kind]:
        assert WRITERS[kind](body).decode() == text
