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
    aged_at,
    {{ one_message_columns() }}
from {{ ref("stg_binance__book_tickers") }}
inner join affected using (venue, symbol, update_id, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
