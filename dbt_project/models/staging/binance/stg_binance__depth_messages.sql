{{
    config(
        meta={
            "affected_key": ["landed_batch_id"],
            "traced": ["venue", "symbol", "kind", "first_update_id", "last_update_id", "aged_at"],
        }
    )
}}
{% set topic = "binance.depth" %}
{% set fields = ["s", "E", "U", "u", "pu", "b", "a", "lastUpdateId", "bids", "asks"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_depth"), fields) }}),

    kinds as (
        select *, case when {{ sent.lastUpdateId }} is null then 'diff' else 'snapshot' end as kind
        from decoded
    ),

    texts as (
        select
            *,
            -- REST snapshots name neither their symbol nor, on spot, a time.
            case kind when 'diff' then {{ sent.s }} else {{ kafka_header("symbol") }} end as symbol,
            case kind when 'diff' then {{ sent.U }} else {{ sent.lastUpdateId }} end as first_update_id_text,
            coalesce({{ sent.lastUpdateId }}, {{ sent.u }}) as last_update_id_text,
            {{ sent.pu }} as previous_update_id_text,
            coalesce({{ sent.bids }}, {{ sent.b }}) as bids,
            coalesce({{ sent.asks }}, {{ sent.a }}) as asks,
            {{ sent.E }} as event_at_text
        from kinds
    ),

    typed as (
        select
            *,
            {{ exact_integer("first_update_id_text") }} as first_update_id,
            {{ exact_integer("last_update_id_text") }} as last_update_id,
            {{ exact_integer("previous_update_id_text") }} as previous_update_id,
            {{ exchange_time("event_at_text") }} as event_at
        from texts
    )

select
    venue,
    symbol,
    kind,
    first_update_id,
    last_update_id,
    previous_update_id,
    -- Spot numbers without a hole; futures say what came before.
    case kind when 'diff' then coalesce(previous_update_id, first_update_id - 1) end as follows_update_id,
    bids,
    asks,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or first_update_id_text is null or last_update_id_text is null
            then 'missing_field'
            when bids is null or asks is null or (kind = 'diff' and event_at_text is null)
            then 'missing_field'
            when first_update_id is null or last_update_id is null
            then 'not_a_number'
            when previous_update_id_text is not null and previous_update_id is null
            then 'not_a_number'
            when first_update_id > last_update_id
            then 'out_of_range'
            when event_at_text is not null and event_at is null
            then 'bad_time'
            when not {{ levels_are_sound("bids") }} or not {{ levels_are_sound("asks") }}
            then 'bad_levels'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
