{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "sequence"], "traced": ["event_at"]}) }}

with
    {% call affected() %}
        select distinct venue, symbol, epoch, sequence
        from {{ changed(ref("fct_book_ladder"), ["venue", "symbol", "epoch", "sequence"]) }} as changed
    {% endcall %},

    tops as (
        select
            *,
            bid_price_00 as bid_price,
            bid_quantity_00 as bid_quantity,
            ask_price_00 as ask_price,
            ask_quantity_00 as ask_quantity
        from {{ ref("fct_book_ladder") }}
        inner join affected using (venue, symbol, epoch, sequence)
        where batch_id > {{ progress(model.unique_id, "built_through") }}
    )

select
    event_at,
    received_at,
    venue,
    symbol,
    sequence,
    epoch,
    previous_sequence,
    bid_price,
    bid_quantity,
    ask_price,
    ask_quantity,
    {{ divide("bid_price + ask_price", "2") }} as mid_price,
    ask_price - bid_price as spread,
    {{ divide("ask_price - bid_price", "bid_price + ask_price") }} * 20000 as spread_bps,
    {{ weighted_mid("bid_price", "bid_quantity", "ask_price", "ask_quantity") }} as weighted_mid,
    {{ divide("bid_quantity - ask_quantity", "bid_quantity + ask_quantity") }} as imbalance,
    coalesce(bid_price >= ask_price, false) as is_crossed,
    published_at,
    landed_at,
    aged_at,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    {{ building_through() }} as batch_id
from tops
