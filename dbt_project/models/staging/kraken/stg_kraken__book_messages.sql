{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "kind", "aged_at"]}) }}
{% set topic = "kraken.books" %}
{% set at = "data[0]." %}
{% set fields = ["type", at ~ "symbol", at ~ "bids", at ~ "asks", at ~ "checksum", at ~ "timestamp"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "kraken_books"), fields, "kraken") }}),

    typed as (
        select
            *,
            {{ sent[at ~ "symbol"] }} as symbol,
            case {{ sent.type }} when 'snapshot' then 'snapshot' when 'update' then 'diff' end as kind,
            {{ sent[at ~ "bids"] }} as bids,
            {{ sent[at ~ "asks"] }} as asks,
            {{ exact_integer(sent[at ~ "checksum"]) }} as checksum,
            {{ kafka_header("checksum") }} as checksum_result,
            {{ text_to_timestamp(sent[at ~ "timestamp"]) }} as event_at
        from decoded
    )

select
    venue,
    symbol,
    kind,
    bids,
    asks,
    checksum,
    checksum_result,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or kind is null or coalesce(bids, asks) is null
            then 'missing_field'
            when {{ sent[at ~ "checksum"] }} is not null and checksum is null
            then 'not_a_number'
            when {{ sent[at ~ "timestamp"] }} is not null and event_at is null
            then 'bad_time'
            when checksum_result = 'failed'
            then 'bad_checksum'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
