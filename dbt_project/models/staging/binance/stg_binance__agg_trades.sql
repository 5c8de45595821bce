{{
    config(
        meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "agg_trade_id", "aged_at"]}
    )
}}
{% set topic = "binance.agg_trades" %}
{% set fields = ["e", "s", "a", "p", "q", "f", "l", "T", "m"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_agg_trades"), fields) }}),

    typed as (
        select
            *,
            -- REST does not say of which symbol it speaks.
            case when {{ sent.e }} is null then {{ kafka_header("symbol") }} else {{ sent.s }} end as symbol,
            {{ exact_integer(sent.a) }} as agg_trade_id,
            {{ exact_integer(sent.f) }} as first_trade_id,
            {{ exact_integer(sent.l) }} as last_trade_id,
            {{ exact_price(sent.p) }} as price,
            {{ exact_quantity(sent.q) }} as quantity,
            {{ exchange_time(sent.T) }} as event_at,
            case {{ sent.m }} when 'true' then 'sell' when 'false' then 'buy' end as taker_side
        from decoded
    )

select
    venue,
    symbol,
    agg_trade_id,
    first_trade_id,
    last_trade_id,
    price,
    quantity,
    taker_side,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or taker_side is null
            then 'missing_field'
            {% for field in ["a", "p", "q", "f", "l", "T"] %}
                when {{ sent[field] }} is null then 'missing_field'
            {% endfor %}
            when agg_trade_id is null or first_trade_id is null or last_trade_id is null
            then 'not_a_number'
        end,
        {{ price_problem(sent.p, "price") }},
        {{ quantity_problem(sent.q, "quantity") }},
        case
            when price <= 0 or quantity <= 0
            then 'not_positive'
            when first_trade_id > last_trade_id
            then 'out_of_range'
            when event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, "event_at") }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
