{% set id = ["venue", "symbol", "kind", "first_update_id", "last_update_id"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": []}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_binance__depth_messages"), id) }} {% endcall %}

select
    'binance.depth' as kafka_topic,
    venue,
    symbol,
    kind,
    first_update_id,
    last_update_id,
    previous_update_id,
    follows_update_id,
    bids,
    asks,
    {{ message_count(id) }} as message_count,
    event_at,
    aged_at,
    {{ one_message_columns() }}
from {{ ref("stg_binance__depth_messages") }}
inner join affected using (venue, symbol, kind, first_update_id, last_update_id, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
