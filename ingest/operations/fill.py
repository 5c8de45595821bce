"""Which gaps of marts.fct_feed_gaps Binance can be asked for."""

from datetime import UTC, datetime, timedelta

from ingest.feeds.binance.channels import FUTURES, SPOT
from ingest.feeds.binance.fill import QUESTIONS, Gap
from ingest.warehouse.connection import Connection, is_built, places

MOST_NUMBERS = 100_000
"""A gap that is larger is no gap: somebody was away. `tickhouse publish backfill` is for that."""
AT_ONCE = 1000
SETTLED = timedelta(minutes=1)
"""REST needs a moment until it has what the streams had."""


def gaps_to_fill(connection: Connection) -> list[Gap]:
    """The open ones, newest first. Without a fct_feed_gaps nothing is known to be missing."""
    if not is_built(connection, "marts.fct_feed_gaps"):
        return []
    settled_at = datetime.now(UTC).replace(tzinfo=None) - SETTLED
    venues, kinds = (SPOT, FUTURES), tuple(QUESTIONS)
    rows = connection.execute(
        f"""select venue, symbol, kind, first_missing, last_missing from marts.fct_feed_gaps
            where state = 'open' and missing_count <= {MOST_NUMBERS} and first_seen_at < ?
                and venue in ({places(venues)}) and kind in ({places(kinds)})
            order by first_seen_at desc, venue, symbol, first_missing limit {AT_ONCE}""",
        [settled_at, *venues, *kinds],
    ).fetchall()
    return [Gap(*row) for row in rows]
