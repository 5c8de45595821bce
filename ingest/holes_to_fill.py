"""Which holes of marts.fct_feed_gaps Binance can be asked for."""

import duckdb

from ingest.sources.binance.channels import FUTURES, SPOT
from ingest.sources.binance.fill import QUESTIONS, Hole

MOST_NUMBERS = 100_000
"""A hole that is larger is no hole: somebody was away. `tickhouse publish backfill` is for that."""
AT_ONCE = 1000
SETTLED_SECONDS = 60
"""REST needs a moment until it has what the streams had."""


def holes_to_fill(connection: duckdb.DuckDBPyConnection) -> list[Hole]:
    """The open ones, newest first. Without a fct_feed_gaps nothing is known to be missing."""
    tables = "select count(*) from duckdb_views() where schema_name = 'marts' and view_name = 'fct_feed_gaps'"
    if connection.execute(tables).fetchone() == (0,):
        return []
    rows = connection.execute(
        """select venue, symbol, kind, first_missing, last_missing from marts.fct_feed_gaps
           where state = 'open' and missing_count <= $most
               and list_contains($venues, venue) and list_contains($kinds, kind)
               and first_seen_at < (now() at time zone 'utc') - to_seconds($settled)
           order by first_seen_at desc, venue, symbol, first_missing limit $at_once""",
        {
            "most": MOST_NUMBERS,
            "venues": [SPOT, FUTURES],
            "kinds": list(QUESTIONS),
            "settled": SETTLED_SECONDS,
            "at_once": AT_ONCE,
        },
    ).fetchall()
    return [Hole(*row) for row in rows]
