"""The shape of every raw table: what arrived, with its place in Kafka."""

import pyarrow as pa

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
