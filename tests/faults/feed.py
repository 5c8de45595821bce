"""Trades on Kafka, kept account of."""

import random
from collections.abc import Sequence
from typing import Literal

from ingest.core.settings import Settings
from tests.dbt.feeds import Trades
from tests.support.ledger import Ledger
from tests.support.other_side import Sent

TRADES = "binance.trades"


class Feed(Ledger):
    """An exchange."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._trades = Trades(random.Random(5))

    def trades(self, count: int, partitions: Sequence[int] = (0, 1)) -> None:
        """New trades, spread over the partitions."""
        messages = self._messages(count)
        for place, partition in enumerate(partitions):
            self.publish(TRADES, messages[place :: len(partitions)], partition)

    def trades_in_transaction(self, count: int, ending: Literal["commit", "abort"]) -> None:
        self.publish_in_transaction(TRADES, self._messages(count), ending)

    def _messages(self, count: int) -> list[Sent]:
        return [Sent(self._trades.payload(), b"BTCUSDT") for _ in range(count)]
