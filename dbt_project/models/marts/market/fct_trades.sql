{% set id = ["venue", "symbol", "trade_id"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": ["event_at"]}) }}
{% set feeds = {
    "binance.trades": ref("stg_binance__trades"),
    "coinbase.trades": ref("stg_coinbase__trades"),
    "kraken.trades": ref("stg_kraken__trades"),
} %}

with
    {% call affected() %}
        {% for messages in feeds.values() %}
            select * from ({{ affected_ids(messages, id) }}) as ids {{ "union all" if not loop.last }}
        {% endfor %}
    {% endcall %}

{% for topic, messages in feeds.items() %}
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
        '{{ topic }}' as kafka_topic,
        {{ one_message_columns() }}
    from {{ messages }}
    inner join affected using (venue, symbol, trade_id, landed_batch_id)
    where rejected_reason is null
    qualify {{ is_first_of(id) }} {{ "union all" if not loop.last }}
{% endfor %}
