{# What books and quotes need: the row before in time, and the last value that was there. #}
{#
    The newest row of `rows` not after each row on the left; without one, NULLs.

        from trades {{ asof_join("quotes", on="trades.symbol = quotes.symbol",
                                 match="trades.event_at >= quotes.received_at") }}
#}
{% macro asof_join(rows, on, match) -%}
    {{ return(adapter.dispatch("asof_join")(rows, on, match)) }}
{%- endmacro %}
{% macro duckdb__asof_join(rows, on, match) -%}
    asof left join {{ rows }} on {{ on }} and {{ match }}
{%- endmacro %}
{% macro snowflake__asof_join(rows, on, match) -%}
    asof join {{ rows }} match_condition({{ match }}) on {{ on }}
{%- endmacro %}

{# A window function: the last value up to here that is not NULL. Wants `over (...)` behind it. #}
{% macro last_non_null(value) -%} {{ return(adapter.dispatch("last_non_null")(value)) }} {%- endmacro %}
{% macro duckdb__last_non_null(value) -%} last_value({{ value }} ignore nulls) {%- endmacro %}
{% macro snowflake__last_non_null(value) -%} last_value({{ value }}) ignore nulls {%- endmacro %}

{# The first n rows of each group, in an order: behind where and group by. #}
{% macro top_n(n, group_by, order_by) -%}
    qualify row_number() over (partition by {{ group_by }} order by {{ order_by }}) <= {{ n }}
{%- endmacro %}

{# Each row as often as its column `times` says, numbered from 0 as `repetition`. #}
{% macro repeated(rows, times) -%} {{ return(adapter.dispatch("repeated")(rows, times)) }} {%- endmacro %}
{% macro duckdb__repeated(rows, times) -%}
    (select *, unnest(range(cast({{ times }} as bigint))) as repetition from {{ rows }}) as repeated
{%- endmacro %}
{% macro snowflake__repeated(rows, times) -%}
    (
        select {{ rows }}.*, number.value::integer as repetition
        from {{ rows }}, lateral flatten(input => array_generate_range(0, {{ times }})) as number
    ) as repeated
{%- endmacro %}
