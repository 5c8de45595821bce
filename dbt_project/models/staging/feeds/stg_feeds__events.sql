{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "connection"]}) }}
{% set topic = "feeds.events" %}
{% set fields = ["at", "kind", "connection", "detail"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "feeds_events"), fields) }}),

    typed as (
        select
            *,
            {{ kafka_header("channel") }} = 'unaddressed' as is_unaddressed,
            {{ sent.kind }} as kind,
            {{ sent.connection }} as connection,
            {{ sent.detail }} as detail,
            {{ exchange_time(sent.at) }} as event_at
        from decoded
    )

select
    venue,
    kind,
    connection,
    detail,
    {{ record_columns() }},
    coalesce(
        case when is_unaddressed then 'unaddressed' end,
        {{ unreadable_reason(["venue"]) }},
        case
            when kind is null or connection is null or detail is null
            then 'missing_field'
            when event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
