{{
    config(
        meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "sequence_id", "aged_at"]}
    )
}}
{% set topic = "simulated.ticks" %}
{% set fields = [
    "symbol",
    "event_time",
    "received_time",
    "bid_price",
    "bid_volume",
    "ask_price",
    "ask_volume",
    "sequence_id",
] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "simulated_ticks"), fields) }}),

    typed as (
        select
            *,
            {{ sent.symbol }} as symbol,
            {{ exact_integer(sent.sequence_id) }} as sequence_id,
            {{ exact_price(sent.bid_price) }} as bid_price,
            {{ exact_quantity(sent.bid_volume) }} as bid_volume,
            {{ exact_price(sent.ask_price) }} as ask_price,
            {{ exact_quantity(sent.ask_volume) }} as ask_volume,
            {{ exchange_time_of_text(sent.event_time) }} as event_at,
            {{ exchange_time_of_text(sent.received_time) }} as sent_received_at
        from decoded
    )

select
    venue,
    symbol,
    sequence_id,
    bid_price,
    bid_volume,
    ask_price,
    ask_volume,
    sent_received_at,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            {% for field in fields %}
                when coalesce({{ sent[field] }}, '') = '' then 'missing_field'
            {% endfor %}
            when sequence_id is null
            then 'not_a_number'
        end,
        {{ price_problem(sent.bid_price, "bid_price") }},
        {{ price_problem(sent.ask_price, "ask_price") }},
        {{ quantity_problem(sent.bid_volume, "bid_volume") }},
        {{ quantity_problem(sent.ask_volume, "ask_volume") }},
        case
            when least(bid_price, ask_price) <= 0
            then 'not_positive'
            when least(bid_volume, ask_volume) < 0
            then 'negative_volume'
            when bid_price >= ask_price
            then 'crossed'
            when event_at is null or sent_received_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
