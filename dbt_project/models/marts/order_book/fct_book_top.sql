{{
    config(
        meta={
            "affected_key": ["venue", "symbol", "epoch", "sequence"],
            "traced": ["event_at"],
            "keys_at_once": 50000,
        }
    )
}}

with
    {% call affected() %} {{ affected_books() }} {% endcall %},

    wanted as ({{ books_there("affected") }}),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }},

    {{ book_ladders(1) }},

    tops as (
        select
            messages.*,
            abs({{ level_item("bids", 0, "key") }}) as bid_price,
            {{ level_item("bids", 0, "quantity") }} as bid_quantity,
            abs({{ level_item("asks", 0, "key") }}) as ask_price,
            {{ level_item("asks", 0, "quantity") }} as ask_quantity
        from book_messages as messages
        left join
            book_ladders
            on messages.book = book_ladders.book
            and messages.wanted_so_far = book_ladders.ordinal
        where messages.is_wanted
    )

select
    kafka_topic,
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
