"""A venue that speaks as Kraken does: a deep book, of which a client is told the ten best levels a side.

true book ─▶ frames: what comes into sight or changes there; not what is pushed out of it ─▶ checksum
"""

import zlib
from decimal import Decimal
from random import Random

SEEN = 10


class KrakenVenue:
    """One symbol. Prices in tenths, quantities in satoshis, written as Kraken writes them."""

    def __init__(self, symbol: str, random: Random) -> None:
        self.symbol = symbol
        self._random = random
        self._sides = {
            "bids": {1000 - n: self._units() for n in range(1, 30)},
            "asks": {1000 + n: self._units() for n in range(1, 30)},
        }

    def snapshot(self) -> bytes:
        return self._frame("snapshot", {name: self._seen(name) for name in self._sides})

    def update(self) -> bytes:
        """A few levels change, in sight or just out of it."""
        before = {name: self._seen(name) for name in self._sides}
        for _ in range(self._random.randint(1, 5)):
            self._change(self._random.choice(["bids", "asks"]))
        after = {name: self._seen(name) for name in self._sides}
        changed = {
            name: {price: units for price, units in after[name].items() if before[name].get(price) != units}
            | {price: 0 for price in before[name] if price not in self._sides[name]}
            for name in self._sides
        }
        return self._frame("update", changed)

    def best(self, name: str) -> tuple[tuple[Decimal, Decimal], ...]:
        """What anybody sees who looks at the venue now."""
        return tuple(
            (Decimal(price) / 10, Decimal(units) / 10**8) for price, units in self._seen(name).items()
        )

    def _change(self, name: str) -> None:
        sign = -1 if name == "bids" else 1
        price = 1000 + sign * self._random.randint(1, 24)
        if self._random.random() < 0.5 and len(self._sides[name]) > SEEN:
            self._sides[name].pop(price, None)
        else:
            self._sides[name][price] = self._units()

    def _units(self) -> int:
        return self._random.choice([1, 10, 5 * 10**7, 10**8, self._random.randint(1, 10**10)])

    def _seen(self, name: str) -> dict[int, int]:
        side = self._sides[name]
        return {price: side[price] for price in sorted(side, reverse=name == "bids")[:SEEN]}

    def _frame(self, kind: str, sides: dict[str, dict[int, int]]) -> bytes:
        bids, asks = (_listed(sides[name]) for name in ("bids", "asks"))
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{self.symbol}","bids":{bids},"asks":{asks},'
            f'"checksum":{self._checksum()},"timestamp":"2026-01-01T12:00:00.5Z"}}]}}'
        ).encode()

    def _checksum(self) -> int:
        """Of whole numbers, as there are no zeros in front of them."""
        levels = [*self._seen("asks").items(), *self._seen("bids").items()]
        return zlib.crc32("".join(f"{price}{units}" for price, units in levels).encode())


def _listed(levels: dict[int, int]) -> str:
    texts = [
        f'{{"price":{price / 10:.1f},"qty":{f"{units / 10**8:.8f}" if units else 0}}}'
        for price, units in levels.items()
    ]
    return f"[{','.join(texts)}]"
