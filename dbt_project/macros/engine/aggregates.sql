{# The value of the first or last row of a group, by time and then by id. #}
{% macro first_by(value, time, id) -%}
    {{ return(adapter.dispatch("first_by")(value, time, id)) }}
{%- endmacro %}
{% macro duckdb__first_by(value, time, id) -%} min_by({{ value }}, ({{ time }}, {{ id }})) {%- endmacro %}
{% macro snowflake__first_by(value, time, id) -%}
    min_by({{ value }}, {{ snowflake__sort_text(time, id) }})
{%- endmacro %}

{% macro last_by(value, time, id) -%}
    {{ return(adapter.dispatch("last_by")(value, time, id)) }}
{%- endmacro %}
{% macro duckdb__last_by(value, time, id) -%} max_by({{ value }}, ({{ time }}, {{ id }})) {%- endmacro %}
{% macro snowflake__last_by(value, time, id) -%}
    max_by({{ value }}, {{ snowflake__sort_text(time, id) }})
{%- endmacro %}

{# Snowflake compares no tuples; a text that sorts as they would. #}
{% macro snowflake__sort_text(time, id) -%}
    to_char({{ time }}, 'YYYYMMDDHH24MISSFF6') || lpad({{ id }}, 19, '0')
{%- endmacro %}
