{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "kind", "aged_at"]}) }}
{% set topic = "coinbase.books" %}
{% set fields = ["type", "product_id", "bids", "asks", "changes", "time"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "coinbase_books"), fields, "coinbase") }}),

    typed as (
        select
            *,
            {{ sent.product_id }} as symbol,
            case {{ sent.type }} when 'snapshot' then 'snapshot' when 'l2update' then 'diff' end as kind,
            {{ sent.bids }} as bids,
            {{ sent.asks }} as asks,
            {{ sent.changes }} as changes,
            {{ text_to_timestamp(sent.time) }} as event_at
        from decoded
    )

select
    venue,
    symbol,
    kind,
    bids,
    asks,
    changes,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or kind is null
            then 'missing_field'
            when kind = 'snapshot' and (bids is null or asks is null)
            then 'missing_field'
            when kind = 'diff' and (changes is null or {{ sent.time }} is null)
            then 'missing_field'
            when {{ sent.time }} is not null and event_at is null
            then 'bad_time'
            when kind = 'snapshot' and not ({{ levels_are_sound("bids") }} and {{ levels_are_sound("asks") }})
            then 'bad_levels'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
