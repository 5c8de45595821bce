"""`tickhouse book`: a market's order book as of any instant or sequence."""

from datetime import datetime
from typing import Annotated

import typer

from ingest.cli.markets import market_of
from ingest.cli.options import Form, Venue
from ingest.cli.output import Format
from ingest.cli.sql import answer, told_if_unbuilt

BOOK = """
    select side, price, quantity, sequence, event_at
    from {book}
    qualify row_number() over (
        partition by side order by case side when 'bid' then -price else price end) <= $levels
    order by price desc
"""
AT = "marts.book_at($venue, $symbol, coalesce(cast($at as timestamp), timestamp '9999-12-31'))"
AT_SEQUENCE = "marts.book_at_sequence($venue, $symbol, $at)"


def book(
    symbol: Annotated[str, typer.Argument(help="The venue's name of the market, e.g. BTCUSDT.")],
    at: Annotated[
        datetime | None, typer.Option(help="The exchange's clock, UTC; without it, the last book.")
    ] = None,
    sequence: Annotated[int | None, typer.Option(help="The venue's update id, instead of a time.")] = None,
    levels: Annotated[int, typer.Option(min=1, help="How many of each side, the best first.")] = 10,
    venue: Venue = None,
    form: Form = Format.TABLE,
) -> None:
    """The order book of a market as it was; nothing if it was not known then.

    tickhouse book BTCUSDT
    tickhouse book BTCUSDT --at "2026-01-01 12:30:00" --levels 5
    tickhouse book BTCUSDT --sequence 50093421584 --format json
    """
    from ingest.core.settings import load_settings
    from ingest.warehouse.engine import capabilities_of

    if at is not None and sequence is not None:
        raise typer.BadParameter("either --at or --sequence, not both")
    settings = load_settings()
    table = AT if sequence is None else AT_SEQUENCE
    asked = BOOK.format(book=capabilities_of(settings).table_function.format(table))
    market = market_of(settings, "intermediate.int_book_messages_sequenced", symbol, venue)
    as_of = at if sequence is None else sequence
    with told_if_unbuilt():
        answer(settings, asked, form, values={**market, "at": as_of, "levels": levels})
