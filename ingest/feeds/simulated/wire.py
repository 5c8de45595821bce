"""Binance's messages, byte for byte: compact JSON, its field order, eight decimals in strings.

Formatted by hand: `json.dumps` would take longer than the whole simulation.
"""

from collections.abc import Iterable, Sequence

from ingest.feeds.simulated.book import Diff, Level
from ingest.feeds.simulated.symbols import UNIT
from ingest.feeds.simulated.tape import MINUTE_MS, Candle, Day, Trade


def decimal_text(amount: int) -> str:
    """61832_01000000 → `61832.01000000`."""
    return "%d.%08d" % divmod(amount, UNIT)  # noqa: UP031 - an f-string takes twice as long


def trade(event_ms: int, symbol: str, trade: Trade) -> bytes:
    """Stream `<symbol>@trade`."""
    return (
        f'{{"e":"trade","E":{event_ms},"s":"{symbol}","t":{trade.trade_id},"p":"{decimal_text(trade.price)}",'
        f'"q":"{decimal_text(trade.quantity)}","T":{trade.trade_ms},"m":{_bool(trade.buyer_is_maker)},"M":true}}'
    ).encode()


def agg_trade(event_ms: int, symbol: str, agg_id: int, trades: Sequence[Trade]) -> bytes:
    """Stream `<symbol>@aggTrade`: what one order took at one price."""
    first, last = trades[0], trades[-1]
    quantity = sum(trade.quantity for trade in trades)
    return (
        f'{{"e":"aggTrade","E":{event_ms},"s":"{symbol}","a":{agg_id},"p":"{decimal_text(first.price)}",'
        f'"q":"{decimal_text(quantity)}","f":{first.trade_id},"l":{last.trade_id},"T":{first.trade_ms},'
        f'"m":{_bool(first.buyer_is_maker)},"M":true}}'
    ).encode()


def depth_update(event_ms: int, symbol: str, diff: Diff) -> bytes:
    """Stream `<symbol>@depth@100ms`."""
    return (
        f'{{"e":"depthUpdate","E":{event_ms},"s":"{symbol}","U":{diff.first_id},"u":{diff.last_id},'
        f'"b":[{_levels(diff.bids)}],"a":[{_levels(diff.asks)}]}}'
    ).encode()


def depth_snapshot(last_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> bytes:
    """Body of `GET /api/v3/depth`. It does not name the symbol: the headers do."""
    return f'{{"lastUpdateId":{last_id},"bids":[{_levels(bids)}],"asks":[{_levels(asks)}]}}'.encode()


def book_ticker(update_id: int, symbol: str, top: tuple[int, int, int, int]) -> bytes:
    """Stream `<symbol>@bookTicker`. Spot sends no time."""
    bid, bid_quantity, ask, ask_quantity = top
    return (
        f'{{"u":{update_id},"s":"{symbol}","b":"{decimal_text(bid)}","B":"{decimal_text(bid_quantity)}",'
        f'"a":"{decimal_text(ask)}","A":"{decimal_text(ask_quantity)}"}}'
    ).encode()


def kline_1m(event_ms: int, symbol: str, candle: Candle, *, is_closed: bool) -> bytes:
    """Stream `<symbol>@kline_1m`."""
    return (
        f'{{"e":"kline","E":{event_ms},"s":"{symbol}","k":{{"t":{candle.start_ms},'
        f'"T":{candle.start_ms + MINUTE_MS - 1},"s":"{symbol}","i":"1m","f":{candle.first_id},'
        f'"L":{candle.last_id},"o":"{decimal_text(candle.open)}","c":"{decimal_text(candle.close)}",'
        f'"h":"{decimal_text(candle.high)}","l":"{decimal_text(candle.low)}","v":"{decimal_text(candle.volume)}","n":{candle.count},'
        f'"x":{_bool(is_closed)},"q":"{decimal_text(candle.notional)}","V":"{decimal_text(candle.taker_volume)}",'
        f'"Q":"{decimal_text(candle.taker_notional)}","B":"0"}}}}'
    ).encode()


def ticker_24h(event_ms: int, symbol: str, day: Day, top: tuple[int, int, int, int]) -> bytes:
    """Stream `<symbol>@ticker`: the last 24 hours, rolling."""
    change = day.close - day.open
    bid, bid_quantity, ask, ask_quantity = top
    return (
        f'{{"e":"24hrTicker","E":{event_ms},"s":"{symbol}","p":"{_signed(change)}",'
        f'"P":"{100 * change / day.open:.3f}","w":"{decimal_text(day.notional * UNIT // day.volume)}",'
        f'"x":"{decimal_text(day.previous_close)}","c":"{decimal_text(day.close)}",'
        f'"Q":"{decimal_text(day.last_quantity)}","b":"{decimal_text(bid)}","B":"{decimal_text(bid_quantity)}",'
        f'"a":"{decimal_text(ask)}","A":"{decimal_text(ask_quantity)}","o":"{decimal_text(day.open)}",'
        f'"h":"{decimal_text(day.high)}","l":"{decimal_text(day.low)}","v":"{decimal_text(day.volume)}",'
        f'"q":"{decimal_text(day.notional)}","O":{event_ms - 86_400_000},"C":{event_ms},'
        f'"F":{day.first_id},"L":{day.last_id},"n":{day.last_id - day.first_id + 1}}}'
    ).encode()


def _levels(levels: Iterable[Level]) -> str:
    return ",".join([f'["{decimal_text(price)}","{decimal_text(quantity)}"]' for price, quantity in levels])


def _signed(amount: int) -> str:
    return decimal_text(amount) if amount >= 0 else f"-{decimal_text(-amount)}"


def _bool(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"
