{# Messages of a staging model as rows of fct_rejected_records. #}
{% macro rejected_records(messages, topic, reason="rejected_reason") -%}
    select
        '{{ topic }}' as kafka_topic,
        topic_life,
        kafka_partition,
        kafka_offset as first_offset,
        kafka_offset as last_offset,
        venue,
        symbol,
        {{ reason }} as rejected_reason,
        event_at,
        received_at,
        published_at,
        landed_at,
        batch_id
    from {{ messages }}
{%- endmacro %}
