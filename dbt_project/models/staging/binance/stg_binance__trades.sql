{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "trade_id"]}) }}
{% set topic = "binance.trades" %}
{% set fields = ["s", "t", "p", "q", "T", "m"] %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as (
        select raw.*, affected.landed_batch_id, {{ json_decode("payload", fields) }} as message
        from {{ source("raw", "binance_trades") }} as raw
        inner join affected on raw.batch_id = affected.landed_batch_id
    ),

    texts as (
        select
            *,
            coalesce({{ kafka_header("venue") }}, 'binance') as venue,
            {{ json_field("message", fields, "s") }} as symbol,
            {{ json_field("message", fields, "t") }} as trade_id_text,
            {{ json_field("message", fields, "p") }} as price_text,
            {{ json_field("message", fields, "q") }} as quantity_text,
            {{ json_field("message", fields, "T") }} as event_at_text,
            {{ json_field("message", fields, "m") }} as buyer_is_maker
        from decoded
    ),

    typed as (
        select
            *,
            {{ exact_integer("trade_id_text") }} as trade_id,
            {{ exact_price("price_text") }} as price,
            {{ exact_quantity("quantity_text") }} as quantity,
            {{ epoch_to_timestamp(exact_integer("event_at_text")) }} as event_at,
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
    event_at,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason("message") }},
        case
            when coalesce(symbol, '') = '' or price_text is null or quantity_text is null
            then 'missing_field'
            when trade_id_text is null or event_at_text is null or taker_side is null
            then 'missing_field'
            when trade_id is null
            then 'not_a_number'
        end,
        {{ number_problem("price_text", "price", 12) }},
        {{ number_problem("quantity_text", "quantity", 15) }},
        case
            when price <= 0 or quantity <= 0
            then 'not_positive'
            when cast(price as double) * cast(quantity as double) >= 1e18
            then 'out_of_range'
            when {{ is_absurd_time("event_at") }}
            then 'bad_time'
            when {{ is_below_floor(topic) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
