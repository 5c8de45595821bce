"""Messages of Binance and Coinbase, made up from a seed: believable ones, and ones that must be refused."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Protocol

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
NOT_NUMBERS = ("12.x", "1e5x", "", "NaN", "1" + 15 * "0", "0.00000000001", "-1")


class Feed(Protocol):
    """The messages of one topic."""

    topic: str

    @property
    def now(self) -> datetime:
        """By the exchange's clock: nothing that is good was made later."""
        ...

    def payload(self) -> bytes:
        """A good message, with an id of its own."""
        ...

    def spoiled(self) -> bytes:
        """A message with something wrong in it."""
        ...

    def contradicted(self, payload: bytes) -> bytes:
        """A message with the same id and other content."""
        ...


class _Numbered:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._sent = 0

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self._sent * 0.9)

    def _next(self) -> tuple[int, int]:
        """An id, and an exchange time that mostly grows with it."""
        self._sent += 1
        late = self._random.uniform(0, 300) if self._random.random() < 0.05 else 0
        return self._sent, epoch_ms(max(self.now - timedelta(seconds=late), START))

    def _amount(self, decimals: int) -> str:
        return f"{self._random.randint(1, 9_999_999) / 10**decimals:.8f}"

    def _wrapped(self, stream: str, message: Mapping[str, object]) -> bytes:
        """Some as a stream of their own sends them, some as combined streams do."""
        if self._random.random() < 0.3:
            return json.dumps({"stream": f"x@{stream}", "data": message}).encode()
        return json.dumps(message).encode()

    def _with_one_of(self, payload: bytes, wrong: Sequence[tuple[str, object]]) -> bytes:
        field, value = self._random.choice(wrong)
        return json.dumps({**unwrapped(payload), field: value}).encode()


class Trades(_Numbered):
    topic = "binance.trades"

    def payload(self) -> bytes:
        return self._wrapped("trade", self._trade(*self._next()))

    def _trade(self, number: int, at: int) -> dict[str, object]:
        in_micros = self._random.random() < 0.1
        return {
            "e": "trade",
            "E": at + 1,
            "s": self._random.choice(SYMBOLS),
            "t": number,
            "p": self._amount(2),
            "q": self._amount(6),
            "T": at * 1000 + self._random.randrange(1000) if in_micros else at,
            "m": self._random.random() < 0.5,
            "M": True,
        }

    def spoiled(self) -> bytes:
        numbers = [(field, text) for field in "pq" for text in (*NOT_NUMBERS, "0", None)]
        others = [("T", 17), ("T", 4_000_000_000_000), ("t", "none"), ("m", "perhaps"), ("s", "")]
        return self._with_one_of(self.payload(), [*numbers, *others])

    def contradicted(self, payload: bytes) -> bytes:
        another_time = epoch_ms(START) + self._random.randrange(600_000)
        return self._with_one_of(payload, [("p", "777.00000000"), ("T", another_time)])


class SparseTrades(Trades):
    """Over days, busy and quiet, with spikes; some come days late. One symbol is tiny, the other huge."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._at = START

    @property
    def now(self) -> datetime:
        return self._at

    def _next(self) -> tuple[int, int]:
        number, _ = super()._next()
        steps = (0.2, 5, 40, 70) if number // 80 % 2 else (600, 3000, 9000)
        self._at += timedelta(seconds=self._random.choice(steps))
        late = self._random.uniform(0, 3 * 86_400) if self._random.random() < 0.1 else 0
        return number, epoch_ms(max(self._at - timedelta(seconds=late), START))

    def _trade(self, number: int, at: int) -> dict[str, object]:
        trade = super()._trade(number, at)
        price = Decimal(self._random.randint(1_000, 1_020) * (1 + (self._random.random() < 0.03)))
        if trade["s"] == SYMBOLS[0]:
            return trade | {"p": str(price * 1000)}
        return trade | {"p": str(price / 10**8), "q": str(self._random.randint(1, 9_999_999))}


class CoinbaseTrades(_Numbered):
    topic = "coinbase.trades"

    def payload(self) -> bytes:
        number, at = self._next()
        match = {
            "type": "match",
            "trade_id": number,
            "product_id": self._random.choice(("BTC-USD", "ETH-USD")),
            "side": self._random.choice(("buy", "sell")),
            "price": self._amount(2),
            "size": self._amount(6),
            "time": datetime.fromtimestamp(at / 1000, UTC).isoformat().replace("+00:00", "Z"),
        }
        return json.dumps(match).encode()

    def spoiled(self) -> bytes:
        numbers = [(field, text) for field in ("price", "size") for text in (*NOT_NUMBERS, "0", None)]
        others = [("time", "soon"), ("trade_id", "none"), ("side", "perhaps"), ("product_id", "")]
        return self._with_one_of(self.payload(), [*numbers, *others])

    def contradicted(self, payload: bytes) -> bytes:
        return self._with_one_of(payload, [("price", "777.00000000"), ("time", "2026-01-01T12:03:00Z")])


class BookTickers(_Numbered):
    topic = "binance.book_tickers"

    def payload(self) -> bytes:
        number, _ = self._next()
        bid = self._random.randint(1, 9_999_999)
        ticker = {
            # Not those of the books: these tickers know nothing of them.
            "u": 10**9 + number,
            "s": self._random.choice(SYMBOLS),
            "b": f"{bid / 100:.8f}",
            "B": self._amount(5),
            "a": f"{(bid + self._random.randrange(5)) / 100:.8f}",
            "A": self._amount(5),
        }
        return self._wrapped("bookTicker", ticker)

    def spoiled(self) -> bytes:
        numbers = [(field, text) for field in "bBaA" for text in (*NOT_NUMBERS, "0", None)]
        others = [("u", None), ("u", "none"), ("s", None), ("a", "0.00000001"), ("E", 17)]
        return self._with_one_of(self.payload(), [*numbers, *others])

    def contradicted(self, payload: bytes) -> bytes:
        return self._with_one_of(payload, [("B", "0.77700000"), ("A", "0.77700000")])


class Depth(_Numbered):
    """Changes of two books, mostly without a gap, and now and then a snapshot as REST answers it."""

    topic = "binance.depth"

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._last_id = dict.fromkeys(SYMBOLS, 1000)
        self._snapshots: set[tuple[str, int]] = set()

    def payload(self) -> bytes:
        _, at = self._next()
        symbol = self._random.choice(SYMBOLS)
        last_id = self._last_id[symbol]
        snapshot = symbol, last_id + self._random.randrange(-2, 3)
        if self._random.random() < 0.1 and snapshot not in self._snapshots:
            self._snapshots.add(snapshot)
            return self._snapshot(*snapshot)
        first_id = last_id + self._random.choice([1] * 20 + [0, 2])
        self._last_id[symbol] = first_id + self._random.randrange(4)
        diff = {
            "e": "depthUpdate",
            "E": at,
            "s": symbol,
            "U": first_id,
            "u": self._last_id[symbol],
            "b": self._levels(3),
            "a": self._levels(3),
        }
        if self._random.random() < 0.3:
            diff["pu"] = last_id
        return self._wrapped("depth@100ms", diff)

    def _snapshot(self, symbol: str, last_id: int) -> bytes:
        """It does not name its symbol, the record's header does: by the length, as log.py has it."""
        snapshot = {"lastUpdateId": last_id, "bids": self._levels(20), "asks": self._levels(20)}
        payload = json.dumps(snapshot).encode()
        return payload if SYMBOLS[len(payload) % 2] == symbol else payload + b" "

    def spoiled(self) -> bytes:
        levels = [["1"], [["1"]], [["1", "x"]], [["0", "1"]], [["1", "-1"]], "none", {"1": "2"}, None]
        others = [("U", None), ("U", 10**9), ("u", "none"), ("pu", "none"), ("E", 17), ("s", None)]
        return self._with_one_of(
            self.payload(), [*[(field, wrong) for field in "ba" for wrong in levels], *others]
        )

    def contradicted(self, payload: bytes) -> bytes:
        field = "bids" if "lastUpdateId" in unwrapped(payload) else "b"
        return self._with_one_of(payload, [(field, [["777", "1"]])])

    def _levels(self, most: int) -> list[list[str]]:
        amounts = range(self._random.randrange(most + 1))
        return [[self._price(), "0.00000000" if amount % 3 == 2 else self._amount(5)] for amount in amounts]

    def _price(self) -> str:
        """Few prices, so that levels come again."""
        return f"{self._random.randint(1, 60) / 2:.8f}"


def epoch_ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def unwrapped(payload: bytes) -> dict[str, object]:
    message = json.loads(payload)
    return message.get("data", message)
