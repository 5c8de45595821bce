{# A table of PostgreSQL as it was and is: each version of its rows, typed, from when until when. #}
{% macro row_history(table) -%}
    {%- set columns = captured_tables()[table] -%}
    {%- set row = json_fields("image", columns | list) -%}
    select
        venue,
        {% for column, type in columns.items() %}
            {{ captured_value(row[column], type) }} as {{ column }},
        {% endfor %}
        op,
        lsn,
        transaction_id,
        valid_from_at,
        valid_to_at,
        ended_by,
        ended_by is null as is_current,
        topic_life,
        kafka_partition,
        first_offset,
        last_offset,
        batch_id
    from
        (
            select *, {{ json_decode("row_after", columns | list) }} as image
            from {{ ref("int_row_versions_dated") }}
            where kafka_topic = '{{ captured_topic(table) }}'
        ) as versions
{%- endmacro %}

{# The rows that are there now. #}
{% macro row_current(history) -%}
    select * exclude (valid_to_at, ended_by, is_current) from {{ history }} where is_current
{%- endmacro %}
