"""`tickhouse vwap`: what a market has traded at since any instant."""

from datetime import datetime
from typing import Annotated

import typer

from ingest.cli.markets import market_of
from ingest.cli.output import Format
from ingest.cli.sql import answer

LAST_DAY = (
    "select max(session_start_at) from marts.fct_vwap_session where venue = $venue and symbol = $symbol"
)
ANCHORED = f"select * from marts.vwap_anchored($venue, $symbol, coalesce($since, ({LAST_DAY})))"
# The last day is asked for first: Snowflake promises no subquery as an argument of a table function.
IN_SNOWFLAKE = "select * from table(marts.vwap_anchored($venue, $symbol, cast($since as timestamp_ntz)))"


def vwap(
    symbol: Annotated[str, typer.Argument(help="The venue's name of the market, e.g. BTCUSDT.")],
    since: Annotated[
        datetime | None, typer.Option(help="UTC; without it, 00:00 of the market's last day.")
    ] = None,
    venue: Annotated[str | None, typer.Option(help="The exchange, if several have the market.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TABLE,
) -> None:
    """The VWAP and TWAP of a market, anchored at an instant: of all its trades since then.

    tickhouse vwap BTCUSDT
    tickhouse vwap BTCUSDT --since "2026-01-01 12:30:00" --format json
    """
    from ingest.core.settings import load_settings

    settings = load_settings()
    market = market_of(settings, "marts.fct_vwap_session", symbol, venue)
    if settings.warehouse == "snowflake":
        from ingest.warehouse.snowflake.reading import ask

        since = since or ask(settings, LAST_DAY, market)[1][0][0]
        answer(settings, IN_SNOWFLAKE, form, values={**market, "since": since})
    else:
        answer(settings, ANCHORED, form, values={**market, "since": since})
