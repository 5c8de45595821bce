"""One-second books as `tickhouse publish l2` sends them, made up from a seed."""

import json
from datetime import datetime, timedelta
from random import Random

from tests.dbt.feeds import START

TOPIC = "replay.second_books"
Cells = list[list[str]]


class SecondBooks:
    """Two symbols (log.py has it by the length), a little less than a second apart, some minutes late."""

    topic = TOPIC

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sent = 0

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self._sent * 0.9)

    def payload(self) -> bytes:
        self._sent += 1
        late = self._random.uniform(0, 300) if self._random.random() < 0.05 else 0
        bids, asks = self._levels("-"), self._levels("")
        return second_book(max(self._sent * 0.9 - late, 0), self._random.randint(90, 110), bids, asks)

    def spoiled(self) -> bytes:
        field = self._random.choice(["system_time", "midpoint", "bids"])
        return json.dumps({**json.loads(self.payload()), field: "none"}).encode()

    def contradicted(self, payload: bytes) -> bytes:
        return json.dumps({**json.loads(payload), "midpoint": "777.0000"}).encode()

    def _levels(self, sign: str) -> Cells:
        """Twelve of them, some with nothing on them and one beyond any range."""
        notionals = ["0.0", "1e29", *(f"{self._random.uniform(1, 9999):.2f}" for _ in range(10))]
        self._random.shuffle(notionals)
        return [level(f"{sign}{0.0001 * (n + 1):.4g}", notional) for n, notional in enumerate(notionals)]


def second_book(seconds: float, mid: float, bids: Cells, asks: Cells) -> bytes:
    at = START + timedelta(seconds=seconds)
    book = {"system_time": f"{at:%Y-%m-%d %H:%M:%S.%f}+00:00", "midpoint": f"{mid}", "spread": "0.1"}
    return json.dumps({**book, "buys": "0", "sells": "0", "bids": bids, "asks": asks}).encode()


def level(distance: str, notional: str) -> list[str]:
    return [distance, notional, "0.0", "0.0", "0.0"]
