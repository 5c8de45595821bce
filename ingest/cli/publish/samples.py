"""`tickhouse publish samples`: the small files that come with Tickhouse."""

from itertools import chain
from typing import TYPE_CHECKING

from ingest.cli.options import Speed
from ingest.cli.publish.capture import parse_speed
from ingest.cli.publish.deliver import deliver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.core.message import Message

BARS = {"btcusdt_1m_epoch.csv": "BTCUSDT", "ethusdt_1m_text.csv": "ETHUSDT"}
BOOKS = {"btc_1s_l2.csv": "BTC-USD", "eth_1s_l2.csv": "ETH-USD", "ada_1s_l2.csv": "ADA-USD"}


def samples(speed: Speed = "60x") -> None:
    """One-second books, then one-minute bars of data/samples: generated, not any exchange's data.

    tickhouse publish samples --speed max
    """
    from ingest.core.settings import load_settings

    deliver(load_settings(), _messages(parse_speed(speed)))


def _messages(speed: float | None) -> "Iterator[Message]":
    from ingest.core.settings import PROJECT_ROOT
    from ingest.feeds.csv.layout import l2_layout, ohlcv_layout
    from ingest.feeds.csv.playback import CsvPlayback, Destination
    from ingest.feeds.csv.rows import CsvRows
    from ingest.feeds.simulated.exchange import SIMULATED

    folder = PROJECT_ROOT / "data" / "samples"
    replays = []
    for name, symbol in BOOKS.items():
        rows = CsvRows(folder / name)
        to = Destination("replay.second_books", SIMULATED, symbol, "l2_1s")
        replays.append(CsvPlayback(rows, l2_layout(folder / name, rows.columns), to, speed))
    for name, symbol in BARS.items():
        rows = CsvRows(folder / name)
        to = Destination("replay.ohlcv", SIMULATED, symbol, "ohlcv_1m")
        replays.append(CsvPlayback(rows, ohlcv_layout(folder / name, rows.columns, {}), to, speed))
    return chain.from_iterable(replay.messages() for replay in replays)
