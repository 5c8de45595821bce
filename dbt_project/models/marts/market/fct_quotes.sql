{% set id = ["venue", "symbol", "update_id"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": ["received_at"]}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_binance__book_tickers"), id) }} {% endcall %}

select
    venue,
    symbol,
    update_id,
    bid_price,
    bid_quantity,
    ask_price,
    ask_quantity,
    {{ divide("bid_price + ask_price", "2") }} as mid,
    ask_price - bid_price as spread,
    {{ divide("ask_price - bid_price", "bid_price + ask_price") }} * 20000 as spread_bps,
    {{ message_count(id) }} as message_count,
    event_at,
    received_at,
    published_at,
    landed_at,
    topic_life,
    kafka_partition,
    kafka_offset as first_offset,
    kafka_offset as last_offset,
    aged_at,
    landed_batch_id,
    {{ building_through() }} as batch_id
from {{ ref("stg_binance__book_tickers") }}
inner join affected using (venue, symbol, update_id, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
