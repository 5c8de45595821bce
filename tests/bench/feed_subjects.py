"""One feed into Kafka, in this process: `python -m tests.bench.feed_subjects socket|publish|csv … MESSAGES`.

    socket  URL   the live feed, from a WebSocket to what Kafka has acknowledged
    publish -     nothing but publishing: messages of the same size that were made before
    csv     FILE  a file of bars, flat out

The client is the settings' (KAFKA_CLIENT). Prints {"messages": …, "seconds": …}, from the first message on.
"""

import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ingest.core.message import Message, feed_headers
from ingest.core.settings import Settings, load_settings
from ingest.feeds.binance.channels import SPOT
from ingest.feeds.binance.live import open_live
from ingest.feeds.csv.layout import ohlcv_layout
from ingest.feeds.csv.playback import CsvPlayback, Destination
from ingest.feeds.csv.rows import CsvRows
from ingest.kafka.open import open_publisher
from tests.bench.flood import frame

WIRE_BYTES = 4
"""What a frame has before its payload."""


def messages(settings: Settings, subject: str, what: str, count: int) -> Iterator[Message]:
    match subject:
        case "socket":
            here = settings.model_copy(update={"binance_stream_url": what})
            live = open_live(here, ["BTCUSDT"], ["agg_trade"], is_futures=False).messages()
            return (message for message in live if message.topic != "feeds.events")
        case "csv":
            rows = CsvRows(Path(what))
            destination = Destination("replay.ohlcv", "csv", "BTCUSDT", "ohlcv_1m")
            return CsvPlayback(rows, ohlcv_layout(Path(what), rows.columns, {}), destination, None).messages()
        case _:
            headers = feed_headers(SPOT, "BTCUSDT", "agg_trade", time.time_ns())
            made = [frame(number)[WIRE_BYTES:] for number in range(count)]
            return iter([Message("binance.agg_trades", b"BTCUSDT", payload, headers) for payload in made])


def main(subject: str, what: str, count: int) -> None:
    settings = load_settings()
    feed = messages(settings, subject, what, count)
    with open_publisher(settings) as publisher:
        publisher.publish(next(feed))
        publisher.flush()
        began = time.perf_counter()
        for message in islice(feed, count - 1):
            publisher.publish(message)
        publisher.flush()
        seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"messages": count - 1, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
