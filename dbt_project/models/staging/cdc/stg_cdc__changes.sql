{{
    config(
        meta={
            "affected_key": ["landed_batch_id"],
            "traced": ["kafka_topic", "row_key", "op", "lsn", "aged_at"],
        }
    )
}}

with
    {% call affected() %}
        {% for table in captured_tables() %}
            {{ landed_batches(captured_topic(table)) }} {{ "union all" if not loop.last }}
        {% endfor %}
    {% endcall %},

    changes as (
        {% for table in captured_tables() %}
            select *
            from ({{ captured_changes(table) }}) as {{ table }}_changes {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    source_topic as kafka_topic,
    venue,
    row_key,
    op,
    lsn,
    transaction_id,
    is_snapshot,
    is_tombstone,
    row_before,
    row_after,
    topic_life,
    kafka_partition,
    kafka_offset,
    event_at,
    received_at,
    published_at,
    landed_at,
    aged_at,
    landed_batch_id,
    rejected_reason,
    {{ building_through() }} as batch_id
from changes
