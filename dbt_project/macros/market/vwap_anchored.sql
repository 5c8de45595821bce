{#
    VWAP and TWAP of a market from any instant to its last trade; arguments are SQL:

        select * from ({{ vwap_anchored("'binance'", "'BTCUSDT'", "timestamp '2026-01-01 12:30'") }})

    It stands in the warehouse, too, for everybody who asks in SQL:

        from marts.vwap_anchored('binance', 'BTCUSDT', timestamp '2026-01-01 12:30')
#}
{% macro vwap_anchored(venue, symbol, instant) -%}
    with
        minutes as (
            select
                venue,
                symbol,
                {{ time_bucket("event_at", 60) }} as window_start_at,
                {{ last_by("price", "event_at", "trade_id") }} as close,
                sum(quantity) as volume,
                sum(notional) as notional,
                count(*) as trade_count,
                min(event_at) as first_trade_at,
                max(event_at) as last_trade_at
            from {{ ref("fct_trades") }}
            where venue = {{ venue }} and symbol = {{ symbol }} and event_at >= {{ instant }}
            group by venue, symbol, {{ time_bucket("event_at", 60) }}
        )

    select
        venue,
        symbol,
        {{ divide("sum(notional)", "sum(volume)") }} as vwap,
        {{ divide("sum(held)", "sum(hold_minutes)") }} as twap,
        cast(sum(volume) as decimal(38, 10)) as volume,
        cast(sum(notional) as decimal(38, 10)) as notional,
        cast(sum(trade_count) as bigint) as trade_count,
        min(first_trade_at) as first_trade_at,
        max(last_trade_at) as last_trade_at
    from ({{ with_holds("minutes") }}) as held_minutes
    group by venue, symbol
{%- endmacro %}

{# A post-hook: makes it a function of the warehouse. #}
{% macro define_vwap_anchored() %}
    {% set arguments = {"of_venue": "varchar", "of_symbol": "varchar", "since_at": "timestamp"} %}
    {% set columns = {
        "venue": "varchar",
        "symbol": "varchar",
        "vwap": "double",
        "twap": "double",
        "volume": "number(38, 10)",
        "notional": "number(38, 10)",
        "trade_count": "bigint",
        "first_trade_at": "timestamp",
        "last_trade_at": "timestamp",
    } %}
    {% set query = vwap_anchored("of_venue", "of_symbol", "since_at") %}
    {% do return(table_function("vwap_anchored", arguments, columns, query)) %}
{% endmacro %}
