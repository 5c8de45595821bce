"""`tickhouse publish capture`: a recording of a venue, as if it came now."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import Speed
from ingest.cli.output import note
from ingest.cli.publish.deliver import deliver


class CaptureVenue(StrEnum):
    """Whose frames a recording may hold."""

    BINANCE = "binance"
    BINANCE_USDM = "binance_usdm"


def capture(
    file: Annotated[Path, typer.Argument(help="Lines of `<received_ns> <json>`, plain or gz.")],
    venue: Annotated[CaptureVenue, typer.Option(help="Who sent it; `binance_usdm`: USD-M futures.")],
    symbol: Annotated[str, typer.Option(help="Whose book the recorded REST snapshots are, e.g. BTCUSDT.")],
    speed: Speed = "max",
) -> None:
    """Publish a capture file: the recorded bytes and times, through the same code as the live feed's.

    tickhouse publish capture btcusdt_20240808.gz --venue binance --symbol BTCUSDT --speed 1x
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.binance.addresses import captured
    from ingest.feeds.recording import RecordingPlayback

    settings = load_settings()
    replay = RecordingPlayback(file, captured(venue.value, symbol.upper()), parse_speed(speed))
    deliver(settings, replay.messages())
    if replay.unaddressed:
        note(f"{replay.unaddressed} lines belong to no topic and were left out.")


def parse_speed(speed: str) -> float | None:
    """How many times faster than recorded; None: without pauses."""
    if speed == "max":
        return None
    try:
        times = float(speed.removesuffix("x"))
    except ValueError:
        times = 0.0
    if not 0 < times < float("inf"):
        raise typer.BadParameter(f"--speed {speed}: `1x`, `10x`, … or `max`.")
    return times
