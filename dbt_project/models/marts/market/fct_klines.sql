{{ config(materialized="settled_view") }}

select
    venue,
    symbol,
    kline_interval,
    window_start_at,
    window_end_at,
    open,
    high,
    low,
    close,
    volume,
    notional,
    taker_buy_volume,
    taker_buy_notional,
    trade_count,
    is_closed,
    window_start_at = max(window_start_at) over (partition by venue, symbol, kline_interval) as is_current,
    topic_life,
    kafka_partition,
    kafka_offset as first_offset,
    kafka_offset as last_offset,
    batch_id
from {{ ref("stg_binance__klines") }}
where rejected_reason is null
-- A candle is sent again and again until it closes: the one with most in it stands.
qualify
    row_number() over (
        partition by venue, symbol, kline_interval, window_start_at
        order by is_closed desc, trade_count desc, topic_life desc, kafka_offset desc
    )
    = 1
