{#
    A whole payload, decoded in one pass; a malformed one gives NULL and never an error. Each field is
    looked up in the message itself and under `data`, where combined streams wrap it.

        {% set fields = ["s", "p"] %}
        {% set sent = json_fields("message", fields) %}
        with decoded as (select *, {{ json_decode("payload", fields) }} as message from raw)
        select {{ sent.s }} as symbol, {{ sent.p }} as price_text from decoded
#}
{% macro json_decode(payload, fields) -%}
    {{ return(adapter.dispatch("json_decode")(payload, fields)) }}
{%- endmacro %}

{# A list of texts: DuckDB's structs cannot hold both `e` and `E`. #}
{% macro duckdb__json_decode(payload, fields) -%}
    try(
        json_extract_string(
            {{ payload }},
            [
                {%- for field in fields %}
                    '${{ json_step(field) }}', '$.data{{ json_step(field) }}' {{- "," if not loop.last }}
                {%- endfor -%}
            ]
        )
    )
{%- endmacro %}

{% macro snowflake__json_decode(payload, fields) -%} try_parse_json({{ payload }}) {%- endmacro %}

{# A field's path: `k.t` is a field in a field, `[3]` an element of an array. #}
{% macro json_step(field) %} {%- do return(field if field.startswith("[") else "." ~ field) -%} {% endmacro %}

{# Each field as text; NULL where it is absent or null. #}
{% macro json_fields(message, fields) %}
    {% set found = {} %}
    {% for field in fields %}
        {% do found.update({field: adapter.dispatch("json_field")(message, fields, field)}) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}

{% macro duckdb__json_field(message, fields, field) -%}
    {%- set at = 2 * fields.index(field) -%}
    coalesce({{ message }} [{{ at + 1 }}], {{ message }} [{{ at + 2 }}])
{%- endmacro %}

{% macro snowflake__json_field(message, fields, field) -%}
    coalesce(
        {{ message }}{{ json_step(field) | replace(".", ":", 1) }}::varchar,
        {{ message }}:data{{ json_step(field) }}::varchar
    )
{%- endmacro %}

{# JSON with these fields' numbers as texts, digit by digit: engines write 45283.50 as 45283.5, and tiny ones as 1e-8. #}
{% macro numbers_as_text(json, fields) -%}
    {{ return(adapter.dispatch("numbers_as_text")(json, fields)) }}
{%- endmacro %}

{% macro duckdb__numbers_as_text(json, fields) -%}
    regexp_replace({{ json }}, '("(?:{{ fields | join("|") }})" *: *)([-+.0-9eE]+)', '\1"\2"', 'g')
{%- endmacro %}

{% macro snowflake__numbers_as_text(json, fields) -%}
    regexp_replace({{ json }}, '("({{ fields | join("|") }})" *: *)([-+.0-9eE]+)', '\\1"\\3"')
{%- endmacro %}

{# The first Kafka header of that name, as text. #}
{% macro kafka_header(name) -%} {{ return(adapter.dispatch("kafka_header")(name)) }} {%- endmacro %}

{% macro duckdb__kafka_header(name) -%}
    list_filter(headers, lambda header:header.name = '{{ name }}')[1].value
{%- endmacro %}

{% macro snowflake__kafka_header(name) -%}
    filter(headers, header -> header:name::varchar = '{{ name }}')[0]:value::varchar
{%- endmacro %}
