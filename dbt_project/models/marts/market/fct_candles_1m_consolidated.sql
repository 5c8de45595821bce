{{ config(materialized="settled_view") }}

select
    base_asset,
    quote_asset,
    window_start_at,
    window_end_at,
    count(distinct candles.venue) as venue_count,
    max(high) as high,
    min(low) as low,
    cast(sum(volume) as decimal(38, 10)) as volume,
    cast(sum(notional) as decimal(38, 10)) as notional,
    cast(sum(trade_count) as bigint) as trade_count,
    cast(sum(taker_buy_volume) as decimal(38, 10)) as taker_buy_volume,
    {{ divide("sum(notional)", "sum(volume)") }} as vwap,
    max(candles.batch_id) as batch_id
from {{ ref("fct_candles_1m") }} as candles
inner join
    {{ ref("dim_symbols") }} as symbols on candles.venue = symbols.venue and candles.symbol = symbols.symbol
-- What was made up is no market's.
where base_asset is not null and candles.venue <> 'simulated'
group by base_asset, quote_asset, window_start_at, window_end_at
