{{ config(materialized="settled_view") }}

select
    kafka_topic,
    venue,
    channel,
    field,
    drift,
    told_type,
    known_type,
    cast(sum(message_count) as bigint) as message_count,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    max(batch_id) as batch_id
from {{ ref("stg_feeds__drifted_fields") }}
group by kafka_topic, venue, channel, field, drift, told_type, known_type
