{#
    Candles of any length, from trades or from shorter candles that tile the window: both give the same.

        {{ candles(seconds=1) }}                               from trades
        {{ candles(seconds=60, parts=ref("fct_candles_1s")) }}
#}
{% macro candles(seconds, parts=none) -%}
    {%- set rows = parts or ref("fct_trades") -%}
    {%- set time = "window_start_at" if parts else "event_at" -%}
    with
        {% call affected() %} {{ affected_windows(rows, time, seconds) }} {% endcall %},

        parts as ({{ rows_in_windows(rows, time, seconds) }})

    select
        {{ window_columns(seconds) }},
        {{ combined_candle_columns() if parts else candle_columns() }},
        {{ provenance_columns() }}
    from parts
    group by venue, symbol, window_start_at
{%- endmacro %}

{# First and last trade are those by time, then by trade id. #}
{% macro candle_columns() -%}
    {{ first_by("price", "event_at", "trade_id") }} as open,
    max(price) as high,
    min(price) as low,
    {{ last_by("price", "event_at", "trade_id") }} as close,
    cast(sum(quantity) as decimal(38, 10)) as volume,
    cast(sum(notional) as decimal(38, 10)) as notional,
    count(*) as trade_count,
    cast(sum(case when taker_side = 'buy' then quantity else 0 end) as decimal(38, 10)) as taker_buy_volume,
    {{ divide("sum(notional)", "sum(quantity)") }} as vwap
{%- endmacro %}

{% macro combined_candle_columns() -%}
    min_by(open, part_at) as open,
    max(high) as high,
    min(low) as low,
    max_by(close, part_at) as close,
    cast(sum(volume) as decimal(38, 10)) as volume,
    cast(sum(notional) as decimal(38, 10)) as notional,
    cast(sum(trade_count) as bigint) as trade_count,
    cast(sum(taker_buy_volume) as decimal(38, 10)) as taker_buy_volume,
    {{ divide("sum(notional)", "sum(volume)") }} as vwap
{%- endmacro %}
