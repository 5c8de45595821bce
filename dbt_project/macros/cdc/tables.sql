{#
    The tables in PostgreSQL whose changes are captured: their columns, with the types that they have here.
    PostgreSQL's own definitions: ingest/feeds/change_data/tables.sql; a test holds the two together.
#}
{% macro captured_tables() %}
    {% set columns = {
        "prices": "symbol price polled_at",
        "stats": "symbol price_change price_change_pct vwap open high low close volume notional trade_count "
        ~ "window_start_at window_end_at polled_at",
        "books": "symbol side price quantity last_update_id polled_at",
        "trades": "symbol trade_id price quantity buyer_is_maker traded_at",
        "candles": "symbol window_start_at open high low close volume notional taker_buy_volume "
        ~ "taker_buy_notional trade_count",
    } %}
    {% set tables = {} %}
    {% for table, names in columns.items() %}
        {% set types = {} %}
        {% for name in names.split() %} {% do types.update({name: captured_type(name)}) %} {% endfor %}
        {% do tables.update({table: types}) %}
    {% endfor %}
    {% do return(tables) %}
{% endmacro %}

{# By its name: times, ids and counts, words; all else is an amount. #}
{% macro captured_type(name) %}
    {% if name.endswith("_at") %} {% do return("timestamp") %} {% endif %}
    {% if name.endswith(("_id", "_count")) %} {% do return("bigint") %} {% endif %}
    {% do return(
        {"symbol": "varchar", "side": "varchar", "buyer_is_maker": "boolean"}.get(name, "number")
    ) %}
{% endmacro %}

{% macro captured_topic(table) %} {% do return("cdc.binance." ~ table) %} {% endmacro %}

{# A column of a row in JSON, as its type here; NULL if it is none. #}
{% macro captured_value(text, type) -%}
    {%- if type == "varchar" -%} {{ text }}
    {%- elif type == "bigint" -%} {{ exact_integer(text) }}
    {%- elif type == "boolean" -%} case {{ text }} when 'true' then true when 'false' then false end
    {%- elif type == "timestamp" -%} {{ text_to_timestamp(text) }}
    {%- else -%} {{ exact_decimal(text, 18) }}
    {%- endif -%}
{%- endmacro %}

{# Why a text is no value of its type, as a rejected reason. #}
{% macro captured_problem(text, type) -%}
    {%- set value = captured_value(text, type) -%}
    {%- if type == "number" -%}
        case when {{ text }} is not null then {{ number_problem(text, value, 18) }} end
    {%- else -%}
        case
            when {{ text }} is not null and {{ value }} is null
            then '{{ {"bigint": "not_a_number", "timestamp": "bad_time"}.get(type, "missing_field") }}'
            {% if type == "varchar" %} when {{ is_too_long(text) }} then 'too_long'
            {% endif %}
        end
    {%- endif -%}
{%- endmacro %}
