"""Books made the plain way, message by message in Python: what the models must come to.

staging's messages ─▶ of duplicates the first ─▶ in the venue's order ─▶ two dicts, sorted after each
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby, islice, zip_longest
from typing import Any, NamedTuple

from tests.dbt.trial import Trial

DEPTH = 10

Level = tuple[Decimal, Decimal]


class Message(NamedTuple):
    """A change or snapshot of a book; the fields in the order of MESSAGES."""

    venue: str
    symbol: str
    kind: str
    first: int
    last: int
    follows: int | None
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


class Known(NamedTuple):
    """A book after a message: its best levels."""

    venue: str
    symbol: str
    epoch: int
    sequence: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


MESSAGES = """
    select venue, symbol, kind, first_update_id, last_update_id, follows_update_id,
        from_json(bids, '[["VARCHAR"]]'), from_json(asks, '[["VARCHAR"]]')
    from staging.stg_binance__depth_messages
    where rejected_reason is null
    order by topic_life, kafka_partition, kafka_offset
"""


def expected_books(trial: Trial) -> list[Known]:
    """From what staging holds now, every book that can be known."""
    firsts: dict[tuple[Any, ...], Message] = {}
    for row in trial.rows(MESSAGES):
        message = Message(*row)
        firsts.setdefault(message[:5], message)
    return books_of(firsts.values())


def books_of(messages: Iterable[Message]) -> list[Known]:
    """Every book that can be known from these."""
    in_order = sorted(messages, key=lambda m: (m.venue, m.symbol, m.last, m.kind, m.first))
    markets = groupby(in_order, key=lambda message: message[:2])
    return [known for _, of_market in markets for known in _books(of_market)]


def found_books(trial: Trial) -> list[Known]:
    """As fct_book_ladder has them."""
    sides = [
        [f"[{side}_price_{n:02}, {side}_quantity_{n:02}]" for n in range(DEPTH)] for side in ("bid", "ask")
    ]
    bids, asks = (f"[{', '.join(levels)}]" for levels in sides)
    rows = trial.rows(
        f"""select venue, symbol, epoch, sequence, {bids}, {asks} from marts.fct_book_ladder
            order by venue, symbol, epoch, sequence"""
    )
    return [
        Known(venue, symbol, epoch, sequence, _without_gaps(bids), _without_gaps(asks))
        for venue, symbol, epoch, sequence, bids, asks in rows
    ]


def differing(found: list[Known], expected: list[Known]) -> list[tuple[Known | None, Known | None]]:
    """Of two lists of books the first pairs that differ: pytest would compare all, letter by letter."""
    pairs = zip_longest(found, expected)
    return list(islice((pair for pair in pairs if pair[0] != pair[1]), 3))


def _without_gaps(levels: list[list[Decimal | None]]) -> tuple[Level, ...]:
    there = [(price, quantity) for price, quantity in levels if price is not None and quantity is not None]
    assert there == [tuple(level) for level in levels[: len(there)]]
    return tuple(there)


def _books(messages: Iterable[Message]) -> Iterator[Known]:
    epoch = sequence = None
    bids, asks = _Side(-1), _Side(1)
    for message in messages:
        if message.kind == "snapshot":
            epoch = sequence = message.last
            bids, asks = _Side(-1), _Side(1)
        elif sequence is None or message.last == sequence:
            continue
        elif message.follows is None or message.follows > sequence:
            sequence = None  # unknown until the next snapshot
            continue
        sequence = message.last
        bids.change(message.bids)
        asks.change(message.asks)
        assert epoch is not None
        yield Known(message.venue, message.symbol, epoch, sequence, bids.best(), asks.best())


class _Side:
    """Prices in order, the best first: asks rise (sign 1), bids fall (sign -1)."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._keys: list[Decimal] = []
        self._quantities: dict[Decimal, Decimal] = {}

    def change(self, levels: Iterable[tuple[str, str]]) -> None:
        for price, quantity in levels:
            key = self._sign * Decimal(price)
            if Decimal(quantity):
                if key not in self._quantities:
                    insort(self._keys, key)
                self._quantities[key] = Decimal(quantity)
            elif key in self._quantities:
                del self._quantities[key]
                del self._keys[bisect_left(self._keys, key)]

    def best(self) -> tuple[Level, ...]:
        return tuple((self._sign * key, self._quantities[key]) for key in self._keys[:DEPTH])
