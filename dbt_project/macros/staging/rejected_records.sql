{# Rows of fct_rejected_records, straight from what staging decoded; `topic` none: the messages name it. #}
{% macro rejected_records(messages, topic=none, symbol="messages.symbol") -%}
    select {{ rejected_record_columns(topic, symbol=symbol) }}
    from {{ messages }} as messages
    where messages.rejected_reason is not null
{%- endmacro %}

{# Messages with the id of an earlier one, `kept`, and other content. #}
{% macro conflicting_duplicates(messages, kept, topic, id, content, symbol="messages.symbol") -%}
    select {{ rejected_record_columns(topic, "'conflicting_duplicate'", symbol) }}
    from {{ messages }} as messages
    inner join
        {{ kept }} as kept on kept.message_count > 1
        {% for column in id %} and messages.{{ column }} = kept.{{ column }} {% endfor %}
    where
        messages.rejected_reason is null
        and (
            {% for column in content %}
                messages.{{ column }} <> kept.{{ column }} {{ "or" if not loop.last }}
            {% endfor %}
        )
{%- endmacro %}

{% macro rejected_record_columns(topic, reason="messages.rejected_reason", symbol="messages.symbol") -%}
    {{ "messages.kafka_topic" if topic is none else "'" ~ topic ~ "' as kafka_topic" }},
    messages.topic_life,
    messages.kafka_partition,
    messages.kafka_offset as first_offset,
    messages.kafka_offset as last_offset,
    messages.venue,
    {{ symbol }} as symbol,
    {{ reason }} as rejected_reason,
    messages.event_at,
    messages.received_at,
    messages.published_at,
    messages.landed_at,
    messages.batch_id
{%- endmacro %}
