{% set id = ["venue", "symbol", "sequence_id"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": []}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_simulated__ticks"), id) }} {% endcall %}

select
    venue,
    symbol,
    sequence_id,
    bid_price,
    bid_volume,
    ask_price,
    ask_volume,
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
from {{ ref("stg_simulated__ticks") }}
inner join affected using (venue, symbol, sequence_id, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
