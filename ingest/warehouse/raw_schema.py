"""The shape of every raw table: what arrived, with its place in Kafka."""

# pyarrow makes its compute functions at import; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

import pyarrow as pa
import pyarrow.compute as pc

PAYLOAD_BITS = "coalesce(bit_length(payload), 8 * octet_length(payload_bytes))"
"""What a payload weighs, in SQL that every engine reads alike."""

HEADER = pa.struct([("name", pa.string()), ("value", pa.string()), ("value_bytes", pa.binary())])

# What a batch brings; `landed_at` and `batch_id` are the warehouse's to add when it commits.
SCHEMA = pa.schema(
    [
        ("kafka_topic", pa.string()),
        ("topic_life", pa.int32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("key", pa.string()),
        ("key_bytes", pa.binary()),
        ("published_at", pa.timestamp("us")),
        ("received_at", pa.timestamp("us")),
        ("headers", pa.list_(HEADER)),
        ("payload", pa.string()),
        ("payload_bytes", pa.binary()),
    ]
)


def payload_bytes(rows: pa.Table) -> int:
    """What the payloads weigh, text or not."""
    columns = (rows.column("payload"), rows.column("payload_bytes"))
    return sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in columns)
