{{
    config(
        meta={
            "affected_key": ["landed_batch_id"],
            "traced": ["venue", "symbol", "kind", "first_update_id", "last_update_id", "aged_at"],
        }
    )
}}
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
            {{ place_in_kafka() }} as first_update_id,
            coalesce({{ sent.bids }}, {{ pairs_of_side(sent.changes, "buy") }}) as bids,
            coalesce({{ sent.asks }}, {{ pairs_of_side(sent.changes, "sell") }}) as asks,
            {{ sent.changes }} as changes,
            {{ exchange_time_of_text(sent.time) }} as event_at
        from decoded
    )

select
    venue,
    symbol,
    kind,
    first_update_id,
    first_update_id as last_update_id,
    case kind when 'snapshot' then first_update_id end as follows_update_id,
    bids,
    asks,
    changes,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or kind is null
            then 'missing_field'
            when kind = 'snapshot' and ({{ sent.bids }} is null or {{ sent.asks }} is null)
            then 'missing_field'
            when kind = 'diff' and (changes is null or {{ sent.time }} is null)
            then 'missing_field'
            when {{ sent.time }} is not null and event_at is null
            then 'bad_time'
            when not ({{ levels_are_sound("bids") }} and {{ levels_are_sound("asks") }})
            then 'bad_levels'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
