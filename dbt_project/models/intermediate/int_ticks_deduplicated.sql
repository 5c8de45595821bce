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
    aged_at,
    {{ one_message_columns() }}
from {{ ref("stg_simulated__ticks") }}
inner join affected using (venue, symbol, sequence_id, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
