{# What the staging models of every feed have in common: they read a raw table, one row per message. #}
{# Kafka coordinates and clocks, and the batch that landed the message. #}
{% macro record_columns() -%}
    topic_life, kafka_partition, kafka_offset, received_at, published_at, landed_at, landed_batch_id
{%- endmacro %}

{# Why a message could not even be read. #}
{% macro unreadable_reason(message) -%}
    case
        when payload is null and payload_bytes is null
        then 'tombstone'
        when payload is null
        then 'not_utf8'
        when {{ message }} is null
        then 'malformed_json'
    end
{%- endmacro %}

{# An exchange clock more than a year ahead of the broker's is no clock. #}
{% macro is_absurd_time(event_at) -%}
    {{ event_at }} is null or {{ event_at }} > published_at + interval '365 days'
{%- endmacro %}
