{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"]}) }}

with
    {% call affected() %}
        select distinct venue, symbol, epoch, window_start_at
        from
            {{
                changed(ref("fct_book_ladder_1s"), ["venue", "symbol", "epoch", "window_start_at"])
            }} as changed
    {% endcall %},

    wanted as (
        select *, bid_price_00 as bid_price, ask_price_00 as ask_price
        from {{ ref("fct_book_ladder_1s") }}
        inner join affected using (venue, symbol, epoch, window_start_at)
        where batch_id > {{ progress(model.unique_id, "built_through") }}
    ),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }},

    touches as (
        select messages.book, messages.wanted_so_far as ordinal, wanted.bid_price, wanted.ask_price
        from wanted
        inner join book_messages as messages using (venue, symbol, epoch, sequence)
    ),

    levels as (
        select book, first_ordinal + repetition as ordinal, key, abs(key) as price, quantity
        from {{ repeated("book_spans", "end_ordinal - first_ordinal") }}
    ),

    depths as (
        select book, ordinal, {{ depth_columns() }}
        from levels
        inner join touches using (book, ordinal)
        where {{ is_within_bps(depth_bps() | last) }}
        group by book, ordinal
    )

select
    {{ book_second_columns("wanted") }},
    {{ divide("bid_price + ask_price", "2") }} as mid_price,
    {{ depth_column_names() | join(", ") }},
    {% for n in depth_levels() %} {{ imbalance_of_levels(n) }} as imbalance_{{ n }}_levels, {% endfor %}
    wanted.topic_life,
    wanted.kafka_partition,
    wanted.first_offset,
    wanted.last_offset,
    {{ building_through() }} as batch_id
from wanted
inner join book_messages as messages using (venue, symbol, epoch, sequence)
inner join depths on messages.book = depths.book and messages.wanted_so_far = depths.ordinal
