{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set seconds = 60 %}
{% set trades = ref("fct_trades") %}
{# Each price as its place between low (0) and high (1), so that neither a tiny price nor a huge one loses
   its variance. #}
{% set place = divide("parts.price - ranges.low", "ranges.high - ranges.low") %}

with
    {% call affected() %} {{ affected_windows(trades, "event_at", seconds) }} {% endcall %},

    parts as ({{ rows_in_windows(trades, "event_at", seconds) }}),

    ranges as (
        select venue, symbol, window_start_at, min(price) as low, max(price) as high
        from parts
        group by venue, symbol, window_start_at
    ),

    placed as (
        select
            parts.*,
            ranges.low,
            ranges.high,
            coalesce({{ place }}, 0) as place,
            cast(parts.quantity as double) as weight
        from parts
        inner join ranges using (venue, symbol, window_start_at)
    )

select
    {{ window_columns(seconds) }},
    {{ divide("sum(price)", "count(*)") }} as avg_price,
    {{ divide("high - low", "low") }} * 100 as price_change_pct,
    case
        when count(*) > 1
        then
            cast(high - low as double)
            * {{
                standard_deviation(
                    sum_of_doubles("place"), sum_of_doubles("place * place"), "count(*)", "count(*) - 1"
                )
            }}
    end as volatility,
    count(*) as trade_count,
    cast(sum(quantity) as decimal(38, 10)) as volume,
    {{ divide("sum(notional)", "sum(quantity)") }} as vwap,
    cast(high - low as double)
    * {{
        standard_deviation(
            sum_of_doubles("weight * place"),
            sum_of_doubles("weight * place * place"),
            "sum(quantity)",
            "sum(quantity)",
        )
    }} as vwap_stddev,
    {{ provenance_columns() }}
from placed
group by venue, symbol, window_start_at, low, high
