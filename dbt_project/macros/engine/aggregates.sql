{# The value of the first or last row of a group, by time and then by id. #}
{% macro first_by(value, time, id) -%}
    {{ return(adapter.dispatch("first_by")(value, time, id)) }}
{%- endmacro %}
{% macro duckdb__first_by(value, time, id) -%}
    min_by({{ value }}, {{ duckdb__sort_number(time, id) }})
{%- endmacro %}
{% macro snowflake__first_by(value, time, id) -%}
    min_by({{ value }}, {{ snowflake__sort_text(time, id) }})
{%- endmacro %}

{% macro last_by(value, time, id) -%}
    {{ return(adapter.dispatch("last_by")(value, time, id)) }}
{%- endmacro %}
{% macro duckdb__last_by(value, time, id) -%}
    max_by({{ value }}, {{ duckdb__sort_number(time, id) }})
{%- endmacro %}
{% macro snowflake__last_by(value, time, id) -%}
    max_by({{ value }}, {{ snowflake__sort_text(time, id) }})
{%- endmacro %}

{# Ids have 18 digits at most; one number is compared twice as fast as a tuple. #}
{% macro duckdb__sort_number(time, id) -%}
    cast(epoch_us({{ time }}) as hugeint) * 1000000000000000000 + {{ id }}
{%- endmacro %}

{# Snowflake compares no tuples; a text that sorts as they would. #}
{% macro snowflake__sort_text(time, id) -%}
    to_char({{ time }}, 'YYYYMMDDHH24MISSFF6') || lpad({{ id }}, 19, '0')
{%- endmacro %}
