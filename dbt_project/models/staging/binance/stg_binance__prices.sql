{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "aged_at"]}) }}
{% set topic = "binance.prices" %}
{% set fields = ["symbol", "price", "time"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_prices"), fields) }}),

    typed as (
        select
            *,
            {{ sent.symbol }} as symbol,
            {{ exact_price(sent.price) }} as price,
            -- Futures say when, spot does not.
            {{ exchange_time(sent.time) }} as event_at
        from decoded
    )

select
    venue,
    symbol,
    price,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case when coalesce(symbol, '') = '' or {{ sent.price }} is null then 'missing_field' end,
        {{ price_problem(sent.price, "price") }},
        case
            when price < 0
            then 'not_positive'
            when {{ sent.time }} is not null and event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
