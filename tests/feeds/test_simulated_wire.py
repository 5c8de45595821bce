"""Every message is what Binance would have sent, byte for byte."""

import pytest

from ingest.feeds.simulated import wire
from ingest.feeds.simulated.book import Diff
from ingest.feeds.simulated.symbols import units
from ingest.feeds.simulated.tape import Candle, Day, Trade

TRADES = [
    Trade(41, units("61832.01"), units("0.25"), 1700000000122, buyer_is_maker=False),
    Trade(42, units("61832.01"), units("0.00001"), 1700000000122, buyer_is_maker=False),
]
TOP = (units("61832"), units("2.5"), units("61832.01"), units("0.00003"))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00000000"),
        ("0.00000001", "0.00000001"),
        ("1", "1.00000000"),
        ("98765432109.5", "98765432109.50000000"),
    ],
)
def test_amounts_have_eight_decimals(amount: str, text: str) -> None:
    assert wire.decimal_text(units(amount)) == text


def test_trade() -> None:
    assert wire.trade(1700000000123, "BTCUSDT", TRADES[0]) == (
        b'{"e":"trade","E":1700000000123,"s":"BTCUSDT","t":41,"p":"61832.01000000","q":"0.25000000",'
        b'"T":1700000000122,"m":false,"M":true}'
    )


def test_agg_trade() -> None:
    assert wire.agg_trade(1700000000123, "BTCUSDT", 7, TRADES) == (
        b'{"e":"aggTrade","E":1700000000123,"s":"BTCUSDT","a":7,"p":"61832.01000000","q":"0.25001000",'
        b'"f":41,"l":42,"T":1700000000122,"m":false,"M":true}'
    )


def test_depth_update() -> None:
    diff = Diff(
        160, 162, [(units("0.3521"), units("12.5"))], [(units("0.3522"), 0), (units("0.3523"), units("1"))]
    )
    assert wire.depth_update(1700000000123, "ADAUSDT", diff) == (
        b'{"e":"depthUpdate","E":1700000000123,"s":"ADAUSDT","U":160,"u":162,"b":[["0.35210000","12.50000000"]],'
        b'"a":[["0.35220000","0.00000000"],["0.35230000","1.00000000"]]}'
    )


def test_depth_update_of_one_side() -> None:
    payload = wire.depth_update(1700000000123, "ADAUSDT", Diff(160, 160, [], [(units("0.3522"), 0)]))
    assert payload.endswith(b'"b":[],"a":[["0.35220000","0.00000000"]]}')


def test_depth_snapshot() -> None:
    assert wire.depth_snapshot(
        160, [(units("0.00001403"), units("5"))], [(units("0.00001404"), units("6"))]
    ) == (b'{"lastUpdateId":160,"bids":[["0.00001403","5.00000000"]],"asks":[["0.00001404","6.00000000"]]}')


def test_book_ticker() -> None:
    assert wire.book_ticker(400900217, "BTCUSDT", TOP) == (
        b'{"u":400900217,"s":"BTCUSDT","b":"61832.00000000","B":"2.50000000",'
        b'"a":"61832.01000000","A":"0.00003000"}'
    )


def test_kline() -> None:
    candle = Candle(1699999980000, 41, *[units("61832.01")] * 3)
    for trade in [*TRADES, Trade(43, units("61830"), units("0.1"), 1700000001000, buyer_is_maker=True)]:
        candle.add(trade)
    assert wire.kline_1m(1700000002000, "BTCUSDT", candle, is_closed=False) == (
        b'{"e":"kline","E":1700000002000,"s":"BTCUSDT","k":{"t":1699999980000,"T":1700000039999,"s":"BTCUSDT",'
        b'"i":"1m","f":41,"L":43,"o":"61832.01000000","c":"61830.00000000","h":"61832.01000000",'
        b'"l":"61830.00000000","v":"0.35001000","n":3,"x":false,"q":"21641.62082010","V":"0.25001000",'
        b'"Q":"15458.62082010","B":"0"}}'
    )


def test_ticker() -> None:
    day = Day(
        open=units("62000"),
        high=units("62100"),
        low=units("61000.5"),
        close=units("61690"),
        previous_close=units("61999"),
        volume=units("3"),
        notional=units("185000"),
        last_quantity=units("0.5"),
        first_id=11,
        last_id=42,
    )
    assert wire.ticker_24h(1700000000123, "BTCUSDT", day, TOP) == (
        b'{"e":"24hrTicker","E":1700000000123,"s":"BTCUSDT","p":"-310.00000000","P":"-0.500",'
        b'"w":"61666.66666666","x":"61999.00000000","c":"61690.00000000","Q":"0.50000000","b":"61832.00000000",'
        b'"B":"2.50000000","a":"61832.01000000","A":"0.00003000","o":"62000.00000000","h":"62100.00000000",'
        b'"l":"61000.50000000","v":"3.00000000","q":"185000.00000000","O":1699913600123,"C":1700000000123,'
        b'"F":11,"L":42,"n":32}'
    )
