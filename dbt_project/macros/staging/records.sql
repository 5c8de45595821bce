{# What the staging models of every feed have in common: they read a raw table, one row per message. #}
{# The messages of the affected batches, decoded; `venue` is that of messages whose headers name none. #}
{% macro decoded_messages(raw_table, fields, venue="binance", payload="payload") -%}
    select
        raw.*,
        affected.landed_batch_id,
        {{ json_decode(payload, fields) }} as message,
        coalesce({{ kafka_header("venue") }}, '{{ venue }}') as venue
    from {{ raw_table }} as raw
    inner join affected on raw.batch_id = affected.landed_batch_id
{%- endmacro %}

{# Kafka coordinates and clocks, and the batch that landed the message. #}
{% macro record_columns() -%}
    topic_life,
    kafka_partition,
    kafka_offset,
    event_at,
    received_at,
    published_at,
    landed_at,
    {{ aged_at() }} as aged_at,
    landed_batch_id
{%- endmacro %}

{# Of a row that one message made: its clocks, its place in Kafka as a range, and the batches that landed and
   built it. #}
{% macro one_message_columns() -%}
    received_at,
    published_at,
    landed_at,
    topic_life,
    kafka_partition,
    kafka_offset as first_offset,
    kafka_offset as last_offset,
    landed_batch_id,
    {{ building_through() }} as batch_id
{%- endmacro %}

{# Why a message could not even be read, or be filed under its names: stores index them, people read them. #}
{% macro unreadable_reason(names=["venue", "symbol"]) -%}
    case
        when payload is null and payload_bytes is null
        then 'tombstone'
        when payload is null
        then 'not_utf8'
        when message is null
        then 'malformed_json'
        {% for name in names %} when {{ is_too_long(name) }} then 'too_long' {% endfor %}
    end
{%- endmacro %}

{% macro is_too_long(name) -%} length({{ name }}) > 100 {%- endmacro %}

{# An exchange's epoch, or its text in UTC, as a time; NULL if it is none, or ahead of the broker's clock by
   more than an hour. However old it is: what was recorded or filled in later comes by the same topics. #}
{% macro exchange_time(text, ahead="1 hour") -%}
    {{ not_ahead(epoch_to_timestamp(exact_integer(text)), ahead) }}
{%- endmacro %}

{% macro exchange_time_of_text(text) -%} {{ not_ahead(text_to_timestamp(text)) }} {%- endmacro %}

{# A producer may send a time for the broker to take that no calendar holds: then the warehouse's clock counts. #}
{% macro not_ahead(time, ahead="1 hour") -%}
    case when {{ time }} <= coalesce(published_at, landed_at) + interval '{{ ahead }}' then {{ time }} end
{%- endmacro %}
