"""How far each topic has landed, as the file has it."""

import duckdb

from ingest.warehouse.protocol import TopicPositions, by_topic


def read_positions(connection: duckdb.DuckDBPyConnection) -> dict[str, TopicPositions]:
    """Each topic's positions in its newest life."""
    rows = connection.execute("""
        select lives.topic, lives.topic_life, lives.topic_id, placed.kafka_partition, placed.next_offset
        from ops.topic_lives as lives
        left join ops.positions as placed using (topic, topic_life)
        qualify lives.topic_life = max(lives.topic_life) over (partition by lives.topic)
    """).fetchall()
    return by_topic(rows)
