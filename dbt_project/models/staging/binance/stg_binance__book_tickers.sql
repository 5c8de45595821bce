{{
    config(
        meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "update_id", "aged_at"]}
    )
}}
{% set topic = "binance.book_tickers" %}
{% set fields = ["s", "u", "b", "B", "a", "A", "E"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_book_tickers"), fields) }}),

    texts as (
        select
            *,
            {{ sent.s }} as symbol,
            {{ sent.u }} as update_id_text,
            {{ sent.b }} as bid_price_text,
            {{ sent.B }} as bid_quantity_text,
            {{ sent.a }} as ask_price_text,
            {{ sent.A }} as ask_quantity_text,
            {{ sent.E }} as event_at_text
        from decoded
    ),

    typed as (
        select
            *,
            {{ exact_integer("update_id_text") }} as update_id,
            {{ exact_price("bid_price_text") }} as bid_price,
            {{ exact_quantity("bid_quantity_text") }} as bid_quantity,
            {{ exact_price("ask_price_text") }} as ask_price,
            {{ exact_quantity("ask_quantity_text") }} as ask_quantity,
            {{ exchange_time("event_at_text") }} as event_at
        from texts
    )

select
    venue,
    symbol,
    update_id,
    bid_price,
    bid_quantity,
    ask_price,
    ask_quantity,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or update_id_text is null
            then 'missing_field'
            when bid_price_text is null or bid_quantity_text is null
            then 'missing_field'
            when ask_price_text is null or ask_quantity_text is null
            then 'missing_field'
            when update_id is null
            then 'not_a_number'
        end,
        {{ price_problem("bid_price_text", "bid_price") }},
        {{ quantity_problem("bid_quantity_text", "bid_quantity") }},
        {{ price_problem("ask_price_text", "ask_price") }},
        {{ quantity_problem("ask_quantity_text", "ask_quantity") }},
        case
            when least(bid_price, bid_quantity, ask_price, ask_quantity) <= 0
            then 'not_positive'
            when bid_price > ask_price
            then 'crossed'
            -- Spot sends no time here, futures do.
            when event_at_text is not null and event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
