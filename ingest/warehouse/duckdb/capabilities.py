"""What is particular to a DuckDB file."""

from ingest.core.beats import CADENCES, Beats
from ingest.warehouse.capabilities import Capabilities, Limits
from ingest.warehouse.duckdb.copies import FileCopies

ROW_GROUP = 122_880
"""So many rows in one transaction go straight to their place. Fewer go to the write-ahead log and are
written again at the checkpoint (5 µs a row against 15 for half as many)."""

CAPABILITIES = Capabilities(
    title="DuckDB",
    is_metered=False,
    copies=FileCopies(),
    # A turn costs nothing on a laptop, so it is short.
    beats=Beats(turn=1, test=60, cadences=CADENCES),
    limits=Limits(max_messages=ROW_GROUP),
    retry_seconds=10,
    table_function="{}",
)
