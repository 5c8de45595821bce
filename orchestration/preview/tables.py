"""How tables look in the UI: how many rows they have, a few of them, and a picture of some."""

import dagster as dg

from ingest.core.visible import visible
from ingest.warehouse.connection import REFUSALS, Connection
from ingest.warehouse.protocol import Warehouse
from orchestration.preview.book_pictures import figures
from orchestration.preview.market_pictures import PICTURES

ROWS = 3
LONGEST_TEXT = 120
SCHEMAS = ("raw", "staging", "intermediate", "marts")
COORDINATES = {
    *("kafka_topic", "topic_life", "kafka_partition", "first_offset", "last_offset", "landed_batch_id"),
    *("batch_id", "key_bytes", "payload_bytes", "headers"),
    *("received_at", "published_at", "landed_at", "aged_at"),
}
"""They fill the page and the history, and say nothing of the market; SQL has them."""


def row_counts(warehouse: Warehouse, connection: Connection) -> dict[dg.AssetKey, int]:
    """Rows of every table of ours. Others may put theirs beside."""
    counts = warehouse.row_counts(connection, SCHEMAS)
    return {dg.AssetKey([*table]): count for table, count in counts.items()}


def previews(connection: Connection, key: dg.AssetKey) -> dict[str, dg.MetadataValue]:
    """What there is to see of a table."""
    seen = {"newest": newest_rows(connection, key)} | figures(connection, key)
    try:
        picture = PICTURES[key](connection) if key in PICTURES else None
    except REFUSALS:  # it shows other tables, too, and they are not built yet
        picture = None
    return seen if picture is None else seen | {"picture": picture}


def newest_rows(connection: Connection, key: dg.AssetKey) -> dg.MetadataValue:
    """The rows that came last: a table, whose cells the UI shows as they are. Markdown would be rendered."""
    relation = ".".join(key.path)
    found = connection.execute(
        f"select * from {relation} where batch_id = (select max(batch_id) from {relation}) limit {ROWS}"
    )
    names = [column[0] for column in found.description]
    hidden = COORDINATES - {"kafka_partition"} if "kafka_offset" in names else COORDINATES
    shown = [place for place, name in enumerate(names) if name not in hidden]
    records = [
        dg.TableRecord({names[place]: _cell(row[place]) for place in shown}) for row in found.fetchall()
    ]
    if not records:
        return dg.MetadataValue.text("no rows yet")
    schema = dg.TableSchema([dg.TableColumn(names[place]) for place in shown])
    return dg.MetadataValue.table(records, schema)


def _cell(value: object) -> str:
    """As text: a browser's numbers have fewer digits than a warehouse's."""
    text = "" if value is None else str(value)[:LONGEST_TEXT]
    return visible(" ".join(text.split()))
