"""`tickhouse vwap`: what a market has traded at since any instant."""

from datetime import datetime
from typing import Annotated

import typer

from ingest.cli.markets import market_of
from ingest.cli.options import Form, Venue
from ingest.cli.output import Format
from ingest.cli.sql import WAIT_SECONDS, answer, told_if_unbuilt

LAST_DAY = (
    "select max(session_start_at) from marts.fct_vwap_session where venue = $venue and symbol = $symbol"
)
# The last day is asked for first: Snowflake promises no subquery as an argument of a table function.
ANCHORED = "marts.vwap_anchored($venue, $symbol, cast($since as timestamp))"


def vwap(
    symbol: Annotated[str, typer.Argument(help="The venue's name of the market, e.g. BTCUSDT.")],
    since: Annotated[
        datetime | None, typer.Option(help="UTC; without it, 00:00 of the market's last day.")
    ] = None,
    venue: Venue = None,
    form: Form = Format.TABLE,
) -> None:
    """The VWAP and TWAP of a market, anchored at an instant: of all its trades since then.

    tickhouse vwap BTCUSDT
    tickhouse vwap BTCUSDT --since "2026-01-01 12:30:00" --format json
    """
    from ingest.core.settings import load_settings
    from ingest.warehouse.engine import capabilities_of
    from ingest.warehouse.open import open_warehouse

    settings = load_settings()
    market = market_of(settings, "marts.fct_vwap_session", symbol, venue)
    if since is None:
        with open_warehouse(settings, wait_seconds=WAIT_SECONDS) as warehouse:
            [(since,)] = warehouse.ask(LAST_DAY, market).rows
    asked = f"select * from {capabilities_of(settings).table_function.format(ANCHORED)}"
    with told_if_unbuilt():
        answer(settings, asked, form, values={**market, "since": since})
