{% set id = ["venue", "symbol", "trade_id"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": ["event_at"]}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_binance__trades"), id) }} {% endcall %}

select
    venue,
    symbol,
    trade_id,
    event_at,
    price,
    quantity,
    {{ exact_product("price", "quantity") }} as notional,
    taker_side,
    {{ message_count(id) }} as message_count,
    {{ one_message_columns() }}
from {{ ref("stg_binance__trades") }}
inner join affected using (venue, symbol, trade_id, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
