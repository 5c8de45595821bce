{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "last_update_id"]}) }}

with
    {% call affected() %}
        select distinct landed_batch_id
        from {{ changed(ref("stg_binance__depth_messages"), ["landed_batch_id"]) }} as changed
    {% endcall %},

    messages as (
        select messages.*
        from {{ ref("stg_binance__depth_messages") }} as messages
        inner join affected using (landed_batch_id)
        where rejected_reason is null
    ),

    levels as (
        select *, 'bid' as side
        from {{ book_levels("messages", "bids") }}
        union all
        select *, 'ask' as side
        from {{ book_levels("messages", "asks") }}
    )

select
    venue,
    symbol,
    kind,
    first_update_id,
    last_update_id,
    side,
    level_index,
    {{ exact_price("price_text") }} as price,
    {{ exact_quantity("quantity_text") }} as quantity,
    topic_life,
    kafka_partition,
    kafka_offset,
    event_at,
    aged_at,
    landed_batch_id,
    {{ building_through() }} as batch_id
from levels
