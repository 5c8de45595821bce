{{
    config(
        meta={
            "topic": "binance.trades",
            "affected_key": ["venue", "symbol", "trade_id", "event_at"],
        }
    )
}}

with
    {% call affected() %}
        with
            touched as (
                select distinct venue, symbol, trade_id, event_at
                from
                    {{ changed(ref("stg_binance__trades"), ["venue", "symbol", "trade_id", "event_at"]) }}
                    as changed
                where symbol is not null and trade_id is not null and event_at is not null
            )
        select venue, symbol, trade_id, event_at
        from touched
        -- The same trade in other messages, perhaps with another time: one look through all ids.
        union
        select messages.venue, messages.symbol, messages.trade_id, messages.event_at
        from {{ ref("stg_binance__trades") }} as messages
        inner join touched
            on messages.trade_id = touched.trade_id
            and messages.symbol = touched.symbol
            and messages.venue = touched.venue
        where messages.rejected_reason is null
    {% endcall %}

select
    venue,
    symbol,
    trade_id,
    event_at,
    price,
    quantity,
    {{ exact_product("price", "quantity") }} as notional,
    taker_side,
    count(*) over (partition by venue, symbol, trade_id) as message_count,
    received_at,
    published_at,
    landed_at,
    topic_life,
    kafka_partition,
    kafka_offset as first_offset,
    kafka_offset as last_offset,
    {{ building_through() }} as batch_id
from {{ ref("stg_binance__trades") }} as messages
inner join affected using (venue, symbol, trade_id, event_at)
where rejected_reason is null
-- Of duplicates the first in the log stands, also if it landed later.
qualify
    row_number() over (
        partition by venue, symbol, trade_id order by topic_life, kafka_partition, kafka_offset
    )
    = 1
