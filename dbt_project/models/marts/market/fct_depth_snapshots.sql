{{ config(materialized="settled_view") }}

select
    venue,
    symbol,
    last_update_id,
    side,
    level_index,
    price,
    quantity,
    aged_at as taken_at,
    last_update_id = max(last_update_id) over (partition by venue, symbol) as is_current,
    topic_life,
    kafka_partition,
    kafka_offset as first_offset,
    kafka_offset as last_offset,
    batch_id
from {{ ref("stg_binance__depth_levels") }}
where kind = 'snapshot'
