{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "event_at"]}) }}

with
    {% call affected() %}
        select distinct landed_batch_id
        from {{ changed(ref("stg_replay__second_books"), ["landed_batch_id"]) }} as changed
    {% endcall %},

    messages as (
        select messages.*
        from {{ ref("stg_replay__second_books") }} as messages
        inner join affected using (landed_batch_id)
        where rejected_reason is null
    ),

    levels as (
        select *, 'bid' as side
        from {{ rows_of_cells("messages", "bids", 5) }}
        union all
        select *, 'ask' as side
        from {{ rows_of_cells("messages", "asks", 5) }}
    )

select
    venue,
    symbol,
    side,
    row_index as level_index,
    mid * (1 + {{ finite_double("cell_0") }}) as price,
    {{ finite_double("cell_0") }} as distance,
    {{ finite_double("cell_1") }} as notional,
    {{ finite_double("cell_2") }} as cancel_notional,
    {{ finite_double("cell_3") }} as limit_notional,
    {{ finite_double("cell_4") }} as market_notional,
    topic_life,
    kafka_partition,
    kafka_offset,
    event_at,
    aged_at,
    landed_batch_id,
    {{ building_through() }} as batch_id
from levels
