"""cryptofeed's own way from Binance's WebSocket to Kafka.

python cryptofeed_kafka.py URL BOOTSTRAP TOPIC MESSAGES

Its trades, its Kafka backend with all acknowledgements and idempotence, its JSON; just the address is ours.
"""

# pyright: reportMissingImports=false

import json
import os
import sys
import time
from typing import Any

import cryptofeed.feed
from cryptofeed import FeedHandler
from cryptofeed.backends.kafka import TradeKafka
from cryptofeed.connection import WebsocketEndpoint, WSAsyncConn
from cryptofeed.defines import BINANCE, TRADES
from cryptofeed.exchanges import Binance
from cryptofeed.symbols import Symbols


class Loopback(WSAsyncConn):
    """It insists on TLS; here there is none, for nobody."""

    def __init__(self, address: str, *others: Any, **options: Any) -> None:
        super().__init__(address.replace("ws://", "wss://"), *others, **options)
        self.address = address


class Counted(TradeKafka):
    """Each message is acknowledged before the next one's topic is asked for."""

    def __init__(self, topic: str, count: int, **producer: Any) -> None:
        super().__init__(**producer)
        self._topic, self._count, self._asked, self._began = topic, count, 0, 0.0

    def topic(self, data: dict) -> str:  # noqa: ARG002
        self._asked += 1
        if self._asked == 2:
            self._began = time.perf_counter()
        if self._asked == self._count + 2:
            said = {"messages": self._count, "seconds": time.perf_counter() - self._began}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
            # It has no way to end of its own accord.
            os._exit(0)
        return self._topic


def main(url: str, bootstrap: str, topic: str, count: int) -> None:
    cryptofeed.feed.WSAsyncConn = Loopback
    Binance.websocket_endpoints = [WebsocketEndpoint(url)]
    Symbols.set(BINANCE, {"BTC-USDT": "BTCUSDT"}, {"instrument_type": {"BTC-USDT": "spot"}})
    kafka = Counted(topic, count, bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    handler = FeedHandler({"log": {"disabled": True}})
    handler.add_feed(Binance(symbols=["BTC-USDT"], channels=[TRADES], callbacks={TRADES: kafka}))
    handler.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
