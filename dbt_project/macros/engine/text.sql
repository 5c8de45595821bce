{#
    Text as a time in UTC: `2017-08-17 04:00:00`, with T, a fraction, and Z, UTC or an offset (+02:00) if it
    likes; else NULL.
#}
{% macro text_to_timestamp(text) -%}
    {%- set clock = "[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?" -%}
    {%- set offset = " ?[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?" -%}
    case
        when {{ matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}(" ~ clock ~ ")?(Z|[+]00:?00| UTC)?") }}
        then {{ cast_to_timestamp("regexp_replace(" ~ text ~ ", '(Z|[+]00:?00| UTC)$', '')") }}
        when {{ matches(text, "[0-9]{4}-[0-9]{2}-[0-9]{2}" ~ clock ~ offset) }}
        then
            {{
                add_minutes(
                    cast_to_timestamp("regexp_replace(" ~ text ~ ", '" ~ offset ~ "$', '')"),
                    minutes_west(text),
                )
            }}
    end
{%- endmacro %}

{# What an offset at the end of a text, +02, +0200 or +02:00, is away from UTC: -120. #}
{% macro minutes_west(text) -%}
    {%- set digits -%}
        replace(case when {{ matches(text, ".*[-+][0-9]{2}") }} then {{ text }} || '00' else {{ text }} end, ':', '')
    {%- endset -%}
    (
        case when left(right({{ digits }}, 5), 1) = '-' then 1 else -1 end * (
            60 * try_cast(left(right({{ digits }}, 4), 2) as integer)
            + try_cast(right({{ digits }}, 2) as integer)
        )
    )
{%- endmacro %}

{% macro cast_to_timestamp(text) -%} {{ return(adapter.dispatch("cast_to_timestamp")(text)) }} {%- endmacro %}
{% macro duckdb__cast_to_timestamp(text) -%} try_cast({{ text }} as timestamp) {%- endmacro %}
{% macro snowflake__cast_to_timestamp(text) -%} try_to_timestamp_ntz({{ text }}) {%- endmacro %}

{# A floating number that a computer can calculate with; NULL for text, infinity and what is no number. #}
{% macro finite_double(text) -%}
    case when abs(try_cast({{ text }} as double)) < 1e300 then try_cast({{ text }} as double) end
{%- endmacro %}
