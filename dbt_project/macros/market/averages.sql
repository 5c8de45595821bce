{# What TWAP needs: how long each close stood, up to the next candle, and its product with the price. #}
{% macro with_holds(minutes, per="venue, symbol") -%}
    select *, cast(close as decimal(22, 10)) * hold_minutes as held
    from
        (
            select
                *,
                cast(
                    coalesce(
                        datediff(
                            'minute',
                            window_start_at,
                            lead(window_start_at) over (partition by {{ per }} order by window_start_at)
                        ),
                        1
                    ) as decimal(9, 0)
                ) as hold_minutes
            from {{ minutes }}
        ) as held_minutes
{%- endmacro %}

{# The close of each minute, until the next that traded; the frame's last minute counts as one. #}
{% macro twap(over) -%}
    {{
        divide(
            "sum(held) " ~ over ~ " - held + close",
            "sum(hold_minutes) " ~ over ~ " - hold_minutes + 1",
        )
    }}
{%- endmacro %}

{#
    The standard deviation of prices around their VWAP over several candles, from each candle's own. All
    in parts of a reference price, so that it does not matter how small or large prices are; bounded, so
    that none can overflow the sum.
#}
{% macro squared_deviation() -%}
    {{
        at_most(
            "cast(volume as double) * (power(vwap_stddev / reference, 2) + power(vwap / reference - 1, 2))",
            "1e30",
        )
    }}
{%- endmacro %}

{% macro vwap_stddev(over) -%}
    {%- set of_squares = divide(sum_of_doubles("squared_deviation", over), "sum(volume) " ~ over) -%}
    {%- set of_mean = divide("sum(notional) " ~ over, "sum(volume) " ~ over) -%}
    reference * sqrt({{ at_least(of_squares ~ " - power(" ~ of_mean ~ " / reference - 1, 2)", 0) }})
{%- endmacro %}
