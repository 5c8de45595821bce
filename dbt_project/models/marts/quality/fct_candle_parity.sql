{{ config(materialized="settled_view") }}
{% set figures = ["open", "high", "low", "close", "volume", "notional", "taker_buy_volume"] %}

with
    compared as (
        select
            klines.venue,
            klines.symbol,
            klines.window_start_at,
            klines.window_end_at,
            candles.trade_count,
            klines.trade_count as venue_trade_count,
            coalesce(candles.trade_count = klines.trade_count, false) as is_complete,
            {% for figure in figures %}
                candles.{{ figure }} - klines.{{ figure }} as {{ figure }}_difference,
            {% endfor %}
            klines.topic_life,
            klines.kafka_partition,
            klines.first_offset,
            klines.last_offset,
            klines.batch_id
        from {{ ref("fct_klines") }} as klines
        left join
            {{ ref("fct_candles_1m") }} as candles
            on klines.venue = candles.venue
            and klines.symbol = candles.symbol
            and klines.window_start_at = candles.window_start_at
        where klines.kline_interval = '1m' and klines.is_closed
    )

select
    *,
    -- With a trade missing nothing can be said: fct_feed_gaps has the hole.
    not (
        is_complete
        and ({% for figure in figures %}{{ figure }}_difference <> 0 {{ "or" if not loop.last }} {% endfor %})
    ) as is_match
from compared
