{{ config(meta={"affected_key": ["venue", "symbol"]}) }}
{# Longer names first: FDUSD ends in USD. #}
{% set quote_assets = [
    "FDUSD",
    "USDT",
    "USDC",
    "TUSD",
    "IDRT",
    "USD",
    "BTC",
    "ETH",
    "BNB",
    "EUR",
    "GBP",
    "TRY",
    "BRL",
    "JPY",
] %}

with
    {% call affected() %}
        select distinct venue, symbol
        from {{ changed(ref("fct_candles_1m"), ["venue", "symbol"]) }} as changed
    {% endcall %},

    markets as (
        select
            venue,
            symbol,
            max(window_start_at) as last_window_start_at,
            case
                {% for asset in quote_assets -%}
                    when symbol like '_%{{ asset }}' then '{{ asset }}'
                {% endfor %}
            end as quote_asset
        from {{ ref("fct_candles_1m") }}
        inner join affected using (venue, symbol)
        group by venue, symbol
    )

select
    venue,
    symbol,
    rtrim(left(symbol, length(symbol) - length(quote_asset)), '-/') as base_asset,
    quote_asset,
    last_window_start_at,
    {{ building_through() }} as batch_id
from markets
