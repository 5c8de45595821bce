"""Trades for the tests of what is made of them: landed as messages, and as plain Python to reckon with.

made_up_trades(seed)     over days, late and early, tiny prices and huge ones
recorded_trades()        Binance's own, where a recording is on this machine
land(trial, trades)
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from tests.dbt.feeds import START, SparseTrades, unwrapped
from tests.dbt.log import as_record
from tests.dbt.trial import Trial
from tests.support.captures import SPOT, path_of

PUBLISHED_AT = START + timedelta(days=30)
"""As recordings are: long after they were traded."""

TENTH_DECIMAL = Decimal("1e-10")


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade, with what it was sent as."""

    symbol: str
    number: int
    at: datetime
    price: Decimal
    quantity: Decimal
    taker_bought: bool
    payload: bytes

    @property
    def notional(self) -> Decimal:
        return (self.price * self.quantity).quantize(TENTH_DECIMAL, ROUND_HALF_UP)


def trade_of(payload: bytes) -> Trade:
    sent = unwrapped(payload)
    epoch = int(str(sent["T"]))
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=epoch if epoch > 10**14 else epoch * 1000)
    numbers = Decimal(str(sent["p"])), Decimal(str(sent["q"]))
    return Trade(
        str(sent["s"]), int(str(sent["t"])), at.replace(tzinfo=None), *numbers, not sent["m"], payload
    )


def made_up_trades(seed: int, count: int) -> list[Trade]:
    source = SparseTrades(Random(seed))
    return [trade_of(source.payload()) for _ in range(count)]


def recorded_trades() -> list[Trade]:
    with gzip.open(path_of(SPOT)) as lines:
        messages = (line.split(b" ", 1)[1].strip() for line in lines if b"@trade" in line)
        return [trade_of(message) for message in messages]


def binance_trade(symbol: str, number: int, at: str, price: str, quantity: str) -> Trade:
    """One by hand: `at` is a UTC time of 2026-01-01, or a whole one."""
    time = datetime.fromisoformat(at if "-" in at else f"2026-01-01 {at}").replace(tzinfo=UTC)
    sent = {"s": symbol, "t": number, "p": price, "q": quantity, "T": int(time.timestamp() * 1000), "m": True}
    return trade_of(json.dumps(sent).encode())


def land(trial: Trial, trades: Sequence[Trade], first_offset: int = 0, venue: str = "binance") -> int:
    """As one batch of the first partition."""
    headers = [{"name": "venue", "value": venue, "value_bytes": None}]
    records = [
        {
            **as_record(trade.payload, 0, first_offset + place, PUBLISHED_AT + timedelta(milliseconds=place)),
            "headers": headers,
        }
        for place, trade in enumerate(trades)
    ]
    return trial.land("binance.trades", records)
