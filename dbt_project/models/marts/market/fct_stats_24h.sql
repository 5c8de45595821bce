{{ config(materialized="settled_view") }}

with
    stats as (
        select
            *,
            row_number() over (
                partition by venue, symbol order by window_end_at desc, topic_life desc, kafka_offset desc
            )
            = 1 as is_current
        from {{ ref("stg_binance__tickers") }}
        where rejected_reason is null
    )

select
    stats.venue,
    stats.symbol,
    stats.window_start_at,
    stats.window_end_at,
    stats.open,
    stats.high,
    stats.low,
    stats.close,
    stats.price_change_pct,
    stats.vwap,
    stats.volume,
    stats.notional,
    stats.trade_count,
    stats.is_current,
    own.window_end_at as own_window_end_at,
    own.change_pct as own_change_pct,
    own.vwap as own_vwap,
    own.volume as own_volume,
    own.notional as own_notional,
    own.trade_count as own_trade_count,
    stats.topic_life,
    stats.kafka_partition,
    stats.kafka_offset as first_offset,
    stats.kafka_offset as last_offset,
    stats.batch_id
from stats
left join
    {{ ref("fct_top_movers_24h") }} as own
    on stats.is_current
    and own.venue = stats.venue
    and own.symbol = stats.symbol
