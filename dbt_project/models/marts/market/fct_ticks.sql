{{ config(materialized="settled_view") }}

select
    venue,
    symbol,
    sequence_id,
    bid_price,
    bid_volume as bid_quantity,
    ask_price,
    ask_volume as ask_quantity,
    {{ divide("bid_price + ask_price", "2") }} as mid,
    ask_price - bid_price as spread,
    {{ divide("ask_price - bid_price", "bid_price + ask_price") }} * 20000 as spread_bps,
    message_count,
    event_at,
    received_at,
    published_at,
    landed_at,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    landed_batch_id,
    batch_id
from {{ ref("int_ticks_deduplicated") }}
