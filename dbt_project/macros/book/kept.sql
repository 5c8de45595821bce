{#
    Whole books that pruning left (ops.kept_books; ingest/warehouse/kept_books.py): snapshots by ourselves, at the
    Kafka coordinates of the change they were kept after. First update 0 tells them from the venue's own.
#}
{% macro kept_book_ids() -%}
    select distinct
        venue,
        symbol,
        'snapshot' as kind,
        cast(0 as bigint) as first_update_id,
        sequence as last_update_id,
        landed_batch_id
    from ops.kept_books
    where {{ is_new() }}
{%- endmacro %}

{# As of a feed: its columns are those of int_depth_messages_deduplicated. #}
{% macro kept_book_messages() -%}
    select distinct
        kept.topic as kafka_topic,
        kept.venue,
        kept.symbol,
        'snapshot' as kind,
        cast(0 as bigint) as first_update_id,
        kept.sequence as last_update_id,
        cast(null as bigint) as follows_update_id,
        cast(null as varchar) as bids,
        cast(null as varchar) as asks,
        false as is_broken,
        kept.event_at,
        kept.received_at,
        kept.published_at,
        kept.landed_at,
        kept.aged_at,
        kept.topic_life,
        kept.kafka_partition,
        kept.kafka_offset,
        kept.landed_batch_id
    from ops.kept_books as kept
    inner join
        affected
        on affected.kind = 'snapshot'
        and affected.first_update_id = 0
        and kept.sequence = affected.last_update_id
        and kept.venue = affected.venue
        and kept.symbol = affected.symbol
{%- endmacro %}

{% macro kept_book_levels() -%}
    select
        topic as kafka_topic,
        landed_batch_id,
        topic_life,
        kafka_partition,
        kafka_offset,
        'snapshot' as kind,
        side,
        0 as level_index,
        price,
        quantity
    from ops.kept_books
{%- endmacro %}
