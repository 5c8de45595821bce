{# A file's time: epoch seconds, milliseconds or microseconds, or text in UTC. #}
{% macro replayed_time(text) -%}
    coalesce(
        {{ exchange_time(text) }},
        case when {{ matches(text, "[0-9]{9,10}") }} then {{ exchange_time(text ~ " || '000'") }} end,
        {{ exchange_time_of_text(text) }}
    )
{%- endmacro %}
