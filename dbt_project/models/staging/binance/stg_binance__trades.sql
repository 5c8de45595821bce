{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "trade_id", "aged_at"]}) }}
{% set topic = "binance.trades" %}
{# REST has other names, and does not say of which symbol it speaks. #}
{% set fields = ["s", "t", "p", "q", "T", "m", "id", "price", "qty", "time", "isBuyerMaker"] %}
{% set sent = json_fields("message", fields) %}
{% set told = {
    "trade_id": "trade_id_text",
    "price": "price_text",
    "quantity": "quantity_text",
    "time": "event_at_text",
} %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_trades"), fields) }}),

    texts as (
        select
            *,
            case when {{ sent.id }} is null then {{ sent.s }} else {{ kafka_header("symbol") }} end as symbol,
            coalesce({{ sent.t }}, {{ sent.id }}) as trade_id_text,
            coalesce({{ sent.p }}, {{ sent.price }}) as price_text,
            coalesce({{ sent.q }}, {{ sent.qty }}) as quantity_text,
            coalesce({{ sent.T }}, {{ sent.time }}) as event_at_text,
            coalesce({{ sent.m }}, {{ sent.isBuyerMaker }}) as buyer_is_maker,
            {{ sent.id }} is not null as is_from_rest
        from decoded
    ),

    typed as (
        select
            *,
            {{ exact_integer("trade_id_text") }} as trade_id,
            {{ exact_price("price_text") }} as price,
            {{ exact_quantity("quantity_text") }} as quantity,
            {{ exchange_time("event_at_text") }} as event_at,
            case buyer_is_maker when 'true' then 'sell' when 'false' then 'buy' end as taker_side
        from texts
    )

select
    venue,
    symbol,
    trade_id,
    price,
    quantity,
    taker_side,
    is_from_rest,
    {{ record_columns() }},
    {{ trade_problem(topic, told) }} as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
