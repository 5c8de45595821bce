{{ config(materialized="settled_view") }}

select
    venue,
    symbol,
    coalesce(event_at, received_at) as priced_at,
    price,
    row_number() over (
        partition by venue, symbol
        order by coalesce(event_at, received_at) desc, topic_life desc, kafka_offset desc
    )
    = 1 as is_current,
    topic_life,
    kafka_partition,
    kafka_offset as first_offset,
    kafka_offset as last_offset,
    batch_id
from {{ ref("stg_binance__prices") }}
where rejected_reason is null
