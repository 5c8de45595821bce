"""Real recordings of exchanges: never part of the project, used by its tests where they are.

make captures ─▶ each file from its source's own commit, by sha256 ─▶ TICKHOUSE_CAPTURES, or data/captures
"""

import hashlib
import os
import sys
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from ingest.core.settings import PROJECT_ROOT

_ELSEWHERE = PROJECT_ROOT.parent / "shared" / "captures"
_DEFAULT = _ELSEWHERE if _ELSEWHERE.is_dir() else PROJECT_ROOT / "data" / "captures"
FOLDER = Path(os.environ.get("TICKHOUSE_CAPTURES", _DEFAULT))
_MAY_SKIP = os.environ.get("TICKHOUSE_CAPTURES_REQUIRED", "") == ""

MARKS = (
    pytest.mark.captures,
    pytest.mark.skipif(
        _MAY_SKIP and not FOLDER.is_dir(),
        reason="no recordings on this machine: `make captures` fetches them",
    ),
)
Test = TypeVar("Test", bound=Callable[..., object])


def needs_captures(test: Test) -> Test:
    """It is skipped without recordings; where TICKHOUSE_CAPTURES_REQUIRED is set it fails."""
    for mark in MARKS:
        test = mark(test)
    return test


@dataclass(frozen=True, slots=True)
class Recording:
    """One file, and where it comes from."""

    name: str
    url: str
    sha256: str


# hftbacktest (MIT): Binance spot and USD-M futures, BTCUSDT, 2024-08-08. cryptofeed (XFree86-style): several
# symbols of Binance spot, and Coinbase's level2, matches and ticker.
_HFTBACKTEST = (
    "https://raw.githubusercontent.com/nkaz001/hftbacktest/5f3ec40b2afb764e0fea112f941ed85523ef4e88/examples"
)
_CRYPTOFEED = "https://raw.githubusercontent.com/bmoscon/cryptofeed/ce58c2a0015040aa2271e80bac783d74fa2cdcff/sample_data"
SPOT = Recording(
    "binance_spot_btcusdt_20240808.gz",
    f"{_HFTBACKTEST}/spot/btcusdt_20240808.gz",
    "5d263f4c5379cfc27379ef0e22779aa33804463d1b69c292e9c0714e31f2e1b4",
)
FUTURES = Recording(
    "binance_usdm_btcusdt_20240808.gz",
    f"{_HFTBACKTEST}/usdm/btcusdt_20240808.gz",
    "0ad7b3a0f5cff220761ea890cfd6e3c15f6899edc7f94637ec915043d7a72251",
)
SEVERAL_STREAMS = Recording(
    "binance_spot_multi.ws.jsonl",
    f"{_CRYPTOFEED}/BINANCE.ws.1.0",
    "5ba2e0cc8204e49dff3d4c608dbb1c3cacc06d432d910ccc31f6b94136bfa5d2",
)
SEVERAL_ANSWERS = Recording(
    "binance_spot_multi.http.txt",
    f"{_CRYPTOFEED}/BINANCE.http.0.0",
    "f482e6ea64cb2cbbf2ea6d038f509d9587720631f4287747d2edc480e880c21d",
)
COINBASE = Recording(
    "coinbase.ws.jsonl",
    f"{_CRYPTOFEED}/COINBASE.ws.28.0",
    "8b2afe9b69ed0cf5b5eb6c36a82015a25cfa8aaee83379ac9588961b7b5ae8e9",
)
ALL = (SPOT, FUTURES, SEVERAL_STREAMS, SEVERAL_ANSWERS, COINBASE)


def path_of(recording: Recording) -> Path:
    return FOLDER / recording.name


def fetch(folder: Path, recordings: Sequence[Recording] = ALL) -> None:
    """Those that are not there yet. What is not byte for byte what we know is not kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for recording in recordings:
        target = folder / recording.name
        if target.exists() and _sha256(target.read_bytes()) == recording.sha256:
            continue
        with urllib.request.urlopen(recording.url, timeout=60) as answer:
            content = answer.read()
        if (found := _sha256(content)) != recording.sha256:
            raise SystemExit(
                f"{recording.url} is not what it was, and was not kept: sha256 {found}, "
                f"expected {recording.sha256}."
            )
        unfinished = target.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.rename(target)
        sys.stdout.write(f"{target}: {len(content):,} bytes\n")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    try:
        fetch(FOLDER)
    except OSError as error:
        raise SystemExit(f"The recordings could not be fetched: {error}. Is there a network?") from error
