"""Which market somebody means: its name in any letters, its venue if only one has it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from ingest.cli.sql import rows_of

if TYPE_CHECKING:
    from ingest.core.settings import Settings

SHOWN = 12


def market_of(settings: "Settings", table: str, symbol: str, venue: str | None) -> Mapping[str, str]:
    """`venue` and `symbol` as `table` has them; typer.BadParameter names those that there are."""
    markets = sorted(rows_of(settings, f"select distinct venue, symbol from {table}"))
    found = [
        (its_venue, name)
        for its_venue, name in markets
        if name.upper() == symbol.upper() and (venue is None or its_venue == venue.lower())
    ]
    if not found:
        at = f" at {venue}" if venue else ""
        raise typer.BadParameter(f"{table} has no {symbol}{at}. It has: {_listed(markets)}.")
    if len(found) > 1:
        venues = ", ".join(its_venue for its_venue, _ in found)
        raise typer.BadParameter(f"Several venues have {symbol}: choose with --venue one of {venues}.")
    return {"venue": found[0][0], "symbol": found[0][1]}


def _listed(markets: Sequence[tuple[str, str]]) -> str:
    names = [f"{symbol} ({venue})" for venue, symbol in markets[:SHOWN]]
    more = f" and {len(markets) - SHOWN} more" if len(markets) > SHOWN else ""
    return (", ".join(names) or "no market yet") + more
