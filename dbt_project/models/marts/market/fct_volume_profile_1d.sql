{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set seconds = 86400 %}
{% set trades = ref("fct_trades") %}
{# A thousandth of the power of ten below the price: 10 for 61837.63, 0.00000001 for 0.00002345. #}
{% set width %}
    cast(power(10, {{ at_least("floor(ln(price) / ln(10) + 1e-9) - 3", -10) }}) as decimal(38, 10))
{% endset %}
{% set largest_first %}
    partition by venue, symbol, window_start_at order by volume desc, price_from
{% endset %}
{% set day = "partition by venue, symbol, window_start_at" %}

with
    {% call affected() %} {{ affected_windows(trades, "event_at", seconds) }} {% endcall %},

    parts as ({{ rows_in_windows(trades, "event_at", seconds) }}),

    binned as (select *, price - mod(price, {{ width }}) as price_from, {{ width }} as width from parts),

    bins as (
        select
            {{ window_columns(seconds) }},
            price_from,
            price_from + width as price_to,
            cast(sum(quantity) as decimal(38, 10)) as volume,
            cast(sum(notional) as decimal(38, 10)) as notional,
            count(*) as trade_count,
            cast(
                sum(case when taker_side = 'buy' then quantity else 0 end) as decimal(38, 10)
            ) as taker_buy_volume,
            {{ provenance_columns() }}
        from binned
        group by venue, symbol, window_start_at, price_from, width
    )

select
    *,
    {{ divide("volume", "sum(volume) over (" ~ day ~ ")") }} * 100 as volume_pct,
    row_number() over ({{ largest_first }}) = 1 as is_point_of_control,
    -- The largest bins that hold 70% of the day's volume together.
    {{
        divide(
            "sum(volume) over (" ~ largest_first ~ " rows unbounded preceding) - volume",
            "sum(volume) over (" ~ day ~ ")",
        )
    }} < 0.7 as is_value_area
from bins
