{# The n-th greatest value of a group; NULL if it has fewer. #}
{% macro nth_greatest(value, n) -%} {{ return(adapter.dispatch("nth_greatest")(value, n)) }} {%- endmacro %}
{% macro duckdb__nth_greatest(value, n) -%} max({{ value }}, {{ n }})[{{ n }}] {%- endmacro %}
{% macro snowflake__nth_greatest(value, n) -%}
    cast(array_agg({{ value }}) within group (order by {{ value }} desc)[{{ n - 1 }}] as decimal(38, 10))
{%- endmacro %}

{# The n levels of a group with the greatest key, among those that meet the condition, the greatest first. #}
{% macro best_levels(condition, n) -%}
    {{ return(adapter.dispatch("best_levels")(condition, n)) }}
{%- endmacro %}
{% macro duckdb__best_levels(condition, n) -%}
    max({'key':key, 'quantity':quantity}, {{ n }}) filter (where {{ condition }})
{%- endmacro %}
{% macro snowflake__best_levels(condition, n) -%}
    array_slice(
        array_agg(
            case when {{ condition }} then object_construct('key', key, 'quantity', quantity) end
        ) within group (order by key desc),
        0,
        {{ n }}
    )
{%- endmacro %}

{# The key or the quantity of a level in such a list, counted from 0; NULL behind its end. #}
{% macro level_item(levels, number, field) -%}
    {{ return(adapter.dispatch("level_item")(levels, number, field)) }}
{%- endmacro %}
{% macro duckdb__level_item(levels, number, field) -%}
    {{ levels }} [{{ number + 1 }}].{{ field }}
{%- endmacro %}
{% macro snowflake__level_item(levels, number, field) -%}
    cast({{ levels }} [{{ number }}]:{{ field }} as decimal(38, 10))
{%- endmacro %}
