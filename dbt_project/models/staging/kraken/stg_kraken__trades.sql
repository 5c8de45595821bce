{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "trade_id", "aged_at"]}) }}
{% set topic = "kraken.trades" %}
{% set fields = ["symbol", "side", "price", "qty", "trade_id", "timestamp"] %}
{% set listed = json_fields("message", ["channel", "data"]) %}
{% set sent = json_fields("trade", fields) %}
{% set told = {
    "trade_id": sent.trade_id,
    "price": sent.price,
    "quantity": sent.qty,
    "time": sent.timestamp,
} %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as (
        {{
            decoded_messages(
                source("raw", "kraken_trades"),
                ["channel", "data"],
                venue="kraken",
                payload=numbers_as_text("payload", ["price", "qty"]),
            )
        }}
    ),

    messages as (select *, {{ listed.data }} as trades from decoded),

    elements as (
        select *, {{ json_decode("element", fields) }} as trade from {{ json_elements("messages", "trades") }}
    ),

    typed as (
        select
            *,
            {{ sent.symbol }} as symbol,
            {{ exact_integer(sent.trade_id) }} as trade_id,
            {{ exact_price(sent.price) }} as price,
            {{ exact_quantity(sent.qty) }} as quantity,
            case when {{ sent.side }} in ('buy', 'sell') then {{ sent.side }} end as taker_side,
            {{ exchange_time_of_text(sent.timestamp) }} as event_at
        from elements
    )

select
    venue,
    element_index as trade_index,
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
