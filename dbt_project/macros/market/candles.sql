{#
    Windows over trades, half-open and of any length. A model of candles is

        with {% call affected() %} {{ affected_windows(seconds) }} {% endcall %},
        trades as ({{ trades_in_windows(seconds) }})
        select {{ window_columns(seconds) }}, {{ candle_columns() }}, {{ provenance_columns() }} ...
#}
{# The windows that new trades fall into, or that a trade has left. #}
{% macro affected_windows(seconds) -%}
    select distinct venue, symbol, {{ time_bucket("event_at", seconds) }} as window_start_at
    from {{ changed(ref("fct_trades"), ["venue", "symbol", "event_at"]) }} as changed
    where not {{ is_below_floor("binance.trades", time_bucket("event_at", seconds)) }}
{%- endmacro %}

{% macro trades_in_windows(seconds) -%}
    select trades.*, affected.window_start_at
    from {{ ref("fct_trades") }} as trades
    inner join affected on {{ is_in_affected_window("trades", "event_at", seconds) }}
    where {{ is_within_affected_bounds("trades.event_at", seconds) }}
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

{# Where the rows of a group came from; NULL where several partitions or lives contributed. #}
{% macro provenance_columns() -%}
    case when min(topic_life) = max(topic_life) then min(topic_life) end as topic_life,
    case when min(kafka_partition) = max(kafka_partition) then min(kafka_partition) end as kafka_partition,
    min(first_offset) as first_offset,
    max(last_offset) as last_offset,
    {{ building_through() }} as batch_id
{%- endmacro %}
