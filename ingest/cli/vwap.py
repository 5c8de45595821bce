"""`tickhouse vwap`: what a market has traded at since any instant."""

from datetime import datetime
from typing import Annotated

import typer

from ingest.cli.output import Format
from ingest.cli.sql import answer

ANCHORED = """
    from marts.vwap_anchored(
        $venue, $symbol,
        coalesce($since, (select max(session_start_at) from marts.fct_vwap_session
                          where venue = $venue and symbol = $symbol)))
"""


def vwap(
    symbol: Annotated[str, typer.Argument(help="The venue's name of the market, e.g. BTCUSDT.")],
    since: Annotated[
        datetime | None, typer.Option(help="UTC; without it, 00:00 of the market's last day.")
    ] = None,
    venue: Annotated[str, typer.Option(help="The exchange.")] = "binance",
    form: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TABLE,
) -> None:
    """The VWAP and TWAP of a market, anchored at an instant: of all its trades since then.

    tickhouse vwap BTCUSDT
    tickhouse vwap BTCUSDT --since "2026-01-01 12:30:00" --format json
    """
    from ingest.settings import load_settings
    from ingest.warehouse.duckdb_file import DuckDbFile

    warehouse = DuckDbFile(load_settings().warehouse_path)
    answer(warehouse, ANCHORED, form, values={"venue": venue, "symbol": symbol, "since": since})
