{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set seconds = 60 %}
{# Each price as one of 10^12 ticks between low and high: their sums are whole numbers, so the
   volatility does not depend on the order of the trades, and no price can overflow it. #}
{% set ticks = 1000000000000 %}

with
    {% call affected() %} {{ affected_windows(seconds) }} {% endcall %},

    trades as ({{ trades_in_windows(seconds) }}),

    ranges as (
        select venue, symbol, window_start_at, min(price) as low, max(price) as high
        from trades
        group by venue, symbol, window_start_at
    ),

    ticked as (
        select
            trades.*,
            ranges.low,
            ranges.high,
            cast(
                coalesce(
                    round(
                        {{ divide("trades.price - ranges.low", "ranges.high - ranges.low") }} * {{ ticks }}
                    ),
                    0
                ) as decimal(19, 0)
            ) as tick
        from trades
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
            / {{ ticks }}
            * sqrt(
                greatest(
                    0,
                    cast(sum(tick * tick) as double)
                    - {{ divide("sum(tick)", "count(*)") }} * cast(sum(tick) as double)
                )
                / (count(*) - 1)
            )
    end as volatility,
    count(*) as trade_count,
    cast(sum(quantity) as decimal(38, 10)) as volume,
    {{ provenance_columns() }}
from ticked
group by venue, symbol, window_start_at, low, high
