{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "trade_id", "aged_at"]}) }}
{% set topic = "coinbase.trades" %}
{% set fields = ["product_id", "trade_id", "price", "size", "side", "time"] %}
{% set sent = json_fields("message", fields) %}
{% set told = {
    "trade_id": sent.trade_id,
    "price": sent.price,
    "quantity": sent.size,
    "time": sent.time,
} %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "coinbase_trades"), fields, "coinbase") }}),

    typed as (
        select
            *,
            {{ sent.product_id }} as symbol,
            {{ exact_integer(sent.trade_id) }} as trade_id,
            {{ exact_price(sent.price) }} as price,
            {{ exact_quantity(sent.size) }} as quantity,
            -- The venue names the maker's side.
            case {{ sent.side }} when 'sell' then 'buy' when 'buy' then 'sell' end as taker_side,
            {{ exchange_time_of_text(sent.time) }} as event_at
        from decoded
    )

select
    venue,
    symbol,
    trade_id,
    price,
    quantity,
    taker_side,
    {{ record_columns() }},
    {{ trade_problem(topic, told) }} as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
