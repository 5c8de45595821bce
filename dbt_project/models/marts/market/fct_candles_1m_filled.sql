{{ config(materialized="settled_view", post_hook="{{ define_vwap_anchored() }}") }}

with candles as (select * from ({{ with_holds(ref("fct_candles_1m")) }}) as held)

select
    venue,
    symbol,
    {{ add_minutes("window_start_at", "repetition") }} as window_start_at,
    {{ add_minutes("window_start_at", "repetition + 1") }} as window_end_at,
    case when repetition = 0 then open else close end as open,
    case when repetition = 0 then high else close end as high,
    case when repetition = 0 then low else close end as low,
    close,
    case when repetition = 0 then volume else 0 end as volume,
    case when repetition = 0 then notional else 0 end as notional,
    case when repetition = 0 then trade_count else 0 end as trade_count,
    case when repetition = 0 then taker_buy_volume else 0 end as taker_buy_volume,
    case when repetition = 0 then vwap end as vwap,
    repetition > 0 as is_filled,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    batch_id
from {{ repeated("candles", at_most("hold_minutes", 24 * 60)) }}
