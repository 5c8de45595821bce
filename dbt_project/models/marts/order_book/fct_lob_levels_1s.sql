{% set id = ["venue", "symbol", "event_at"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": []}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_replay__second_books"), id) }} {% endcall %},

    books as (
        select *
        from {{ ref("stg_replay__second_books") }}
        inner join affected using (venue, symbol, event_at, landed_batch_id)
        where rejected_reason is null
        qualify {{ is_first_of(id) }}
    )

select
    books.venue,
    books.symbol,
    books.event_at,
    levels.side,
    levels.level_index,
    levels.price,
    levels.distance,
    {{ divide("levels.notional", "levels.price") }} as quantity,
    levels.notional,
    levels.cancel_notional,
    levels.limit_notional,
    levels.market_notional,
    books.mid,
    books.spread,
    books.buys,
    books.sells,
    books.aged_at,
    books.topic_life,
    books.kafka_partition,
    books.kafka_offset as first_offset,
    books.kafka_offset as last_offset,
    books.landed_batch_id,
    {{ building_through() }} as batch_id
from books
inner join
    {{ ref("stg_replay__second_levels") }} as levels using (
        topic_life, kafka_partition, kafka_offset, landed_batch_id
    )
