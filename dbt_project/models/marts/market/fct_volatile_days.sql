{{ config(materialized="settled_view") }}

select
    venue,
    symbol,
    window_start_at,
    window_end_at,
    high - low as price_swing,
    {{ divide("high - low", "low") }} * 100 as price_swing_pct,
    volume,
    notional,
    rank() over (partition by venue, symbol order by high - low desc) as swing_rank,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    batch_id
from {{ ref("fct_candles_1d") }}
