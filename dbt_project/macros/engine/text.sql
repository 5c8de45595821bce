{# Text in UTC as a time: `2017-08-17 04:00:00`, with T, a fraction, and Z or +00:00 if it likes; else NULL. #}
{% macro text_to_timestamp(text) -%}
    case
        when
            {{
                matches(
                    text,
                    "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?(Z|[+]00:?00| UTC)?",
                )
            }}
        then {{ cast_to_timestamp("regexp_replace(" ~ text ~ ", '(Z|[+]00:?00| UTC)$', '')") }}
    end
{%- endmacro %}

{% macro cast_to_timestamp(text) -%} {{ return(adapter.dispatch("cast_to_timestamp")(text)) }} {%- endmacro %}
{% macro duckdb__cast_to_timestamp(text) -%} try_cast({{ text }} as timestamp) {%- endmacro %}
{% macro snowflake__cast_to_timestamp(text) -%} try_to_timestamp_ntz({{ text }}) {%- endmacro %}

{# A floating number that a computer can calculate with; NULL for text, infinity and what is no number. #}
{% macro finite_double(text) -%}
    case when abs(try_cast({{ text }} as double)) < 1e300 then try_cast({{ text }} as double) end
{%- endmacro %}
