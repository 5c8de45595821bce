"""Makes the files of data/samples, the same ones each time:  python -m tests.support.samples"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from ingest.core.settings import PROJECT_ROOT
from ingest.feeds.csv.layout import L2_COLUMNS, L2_LEVEL, L2_LEVELS, OHLCV

SAMPLES = PROJECT_ROOT / "data" / "samples"
START = datetime(2025, 1, 1, tzinfo=UTC)


def bars(seed: int, price: float, count: int, *, as_text: bool) -> Iterator[Sequence[object]]:
    """One-minute bars of a random walk, with their header."""
    random = Random(seed)
    yield OHLCV
    for minute in range(count):
        at = START + timedelta(minutes=minute)
        ends = [price := price * (1 + random.gauss(0, 0.0008)) for _ in range(5)]
        time = f"{at:%Y-%m-%d %H:%M:%S}" if as_text else int(at.timestamp() * 1000)
        low, high = min(ends), max(ends)
        cells = [f"{value:.2f}" for value in (ends[0], high, low, ends[-1])]
        yield time, *cells, f"{random.expovariate(0.3):.6f}"


def books(seed: int, price: float, count: int) -> Iterator[Sequence[object]]:
    """One-second books of a random walk, with their header; the first column is the row's number."""
    random = Random(seed)
    sides = [
        f"{side}_{field}_{level}"
        for field in L2_LEVEL
        for side in ("bids", "asks")
        for level in range(L2_LEVELS)
    ]
    yield "", *L2_COLUMNS, *sides
    for second in range(count):
        at = START + timedelta(seconds=second, microseconds=random.randrange(10**6))
        price *= 1 + random.gauss(0, 0.0001)
        cells = {name: _cell(name, random) for name in sides}
        fixed = [f"{price:.4f}", f"{price * 2e-6:.6f}", *(f"{random.expovariate(1e-4):.2f}" for _ in "bs")]
        yield second, f"{at:%Y-%m-%d %H:%M:%S.%f}+00:00", *fixed, *cells.values()


def _cell(name: str, random: Random) -> str:
    side, level = name[:4], int(name.rsplit("_", 1)[1])
    if "distance" in name:
        distance = (level + 1) * 1e-6 + random.random() * 5e-7
        return f"{-distance if side == 'bids' else distance:.3g}"
    return f"{random.expovariate(1e-3):.2f}" if "cancel" not in name else "0.0"


CONTENT = {
    "btcusdt_1m_epoch.csv": lambda: bars(1, 93_000.0, 240, as_text=False),
    "ethusdt_1m_text.csv": lambda: bars(2, 3_300.0, 240, as_text=True),
    "btc_1s_l2.csv": lambda: books(3, 93_000.0, 30),
    "eth_1s_l2.csv": lambda: books(4, 3_300.0, 30),
    "ada_1s_l2.csv": lambda: books(5, 0.85, 30),
}


def content(name: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(CONTENT[name]())
    return text.getvalue()


def write_samples(folder: Path = SAMPLES) -> None:
    folder.mkdir(exist_ok=True)
    for name in CONTENT:
        (folder / name).write_text(content(name))


if __name__ == "__main__":
    write_samples()
