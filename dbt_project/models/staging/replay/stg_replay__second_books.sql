{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "event_at", "aged_at"]}) }}
{% set topic = "replay.second_books" %}
{% set fields = ["system_time", "midpoint", "spread", "buys", "sells", "bids", "asks"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "replay_second_books"), fields) }}),

    typed as (
        select
            *,
            {{ kafka_header("symbol") }} as symbol,
            {{ replayed_time(sent.system_time) }} as event_at,
            {{ finite_double(sent.midpoint) }} as mid,
            {{ finite_double(sent.spread) }} as spread,
            {{ finite_double(sent.buys) }} as buys,
            {{ finite_double(sent.sells) }} as sells,
            {{ sent.bids }} as bids,
            {{ sent.asks }} as asks
        from decoded
    )

select
    venue,
    symbol,
    mid,
    spread,
    buys,
    sells,
    bids,
    asks,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = ''
            then 'missing_field'
            {% for field in fields %}
                when coalesce({{ sent[field] }}, '') = '' then 'missing_field'
            {% endfor %}
            when mid is null or spread is null or buys is null or sells is null
            then 'not_a_number'
            when mid <= 0
            then 'not_positive'
            when event_at is null
            then 'bad_time'
            when not {{ cells_are_numbers("bids") }} or not {{ cells_are_numbers("asks") }}
            then 'bad_levels'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
