{# A file's time: epoch seconds, milliseconds or microseconds, or text, in UTC where it names no offset. #}
{% macro replayed_time(text) -%}
    coalesce(
        {{ exchange_time(text) }},
        case
            when {{ matches(text, "[0-9]{9,10}([.]0*)?") }}
            then {{ exchange_time("regexp_replace(" ~ text ~ ", '[.]0*$', '') || '000'") }}
        end,
        {{ exchange_time_of_text(text) }}
    )
{%- endmacro %}

{# A file's number, without the separators of its thousands: 1,234.5 is 1234.5. #}
{% macro replayed_number(text) -%}
    case
        when {{ matches(text, "-?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)? *") }}
        then trim(replace({{ text }}, ',', ''))
        else trim({{ text }})
    end
{%- endmacro %}
