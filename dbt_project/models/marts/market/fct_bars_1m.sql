{{ config(materialized="settled_view") }}

with
    mids as (
        select
            venue,
            symbol,
            event_at,
            sequence_id,
            batch_id,
            {{ time_bucket("event_at", 60) }} as window_start_at,
            {{ exact_product("(bid_price + ask_price)", "cast(0.5 as decimal(38, 10))") }} as price
        from {{ ref("int_ticks_deduplicated") }}
    )

select
    venue,
    symbol,
    'trades' as made_from,
    window_start_at,
    window_end_at,
    open,
    high,
    low,
    close,
    volume,
    vwap,
    trade_count,
    batch_id
from {{ ref("fct_candles_1m") }}
union all
select
    venue,
    symbol,
    'bars' as made_from,
    window_start_at,
    window_end_at,
    open,
    high,
    low,
    close,
    volume,
    cast(null as double) as vwap,
    cast(null as bigint) as trade_count,
    batch_id
from {{ ref("fct_ohlcv_1m") }}
union all
select
    venue,
    symbol,
    'ticks' as made_from,
    window_start_at,
    {{ add_minutes("window_start_at", "1") }} as window_end_at,
    {{ first_by("price", "event_at", "sequence_id") }} as open,
    max(price) as high,
    min(price) as low,
    {{ last_by("price", "event_at", "sequence_id") }} as close,
    cast(null as decimal(38, 10)) as volume,
    cast(null as double) as vwap,
    cast(null as bigint) as trade_count,
    max(batch_id) as batch_id
from mids
group by venue, symbol, window_start_at
