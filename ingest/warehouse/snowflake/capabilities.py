"""What is particular to Snowflake."""

from ingest.core.beats import CADENCES, Beats
from ingest.warehouse.capabilities import MEBIBYTE, Capabilities, Limits

CAPABILITIES = Capabilities(
    title="Snowflake",
    is_metered=True,
    copies=None,
    # Its warehouse is billed by the second, a minute at least: a turn does all that is due at once, so that
    # the warehouse wakes up once for it.
    beats=Beats(turn=60, test=300, cadences={**CADENCES, "minute": 300}),
    # It likes files of 100 to 250 MB: two million trades have 120 in Parquet, and 640 in Arrow.
    limits=Limits(max_messages=2_000_000, max_bytes=640 * MEBIBYTE, max_bytes_at_once=640 * MEBIBYTE),
    retry_seconds=300,
    table_function="table({})",
)
