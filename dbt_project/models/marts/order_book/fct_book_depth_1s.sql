{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"], "keys_at_once": 5000}) }}

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

    -- Each second's place among the spans; a replayed one, which has none, gets a number of its own.
    placed as (
        select messages.book, messages.wanted_so_far as ordinal, wanted.*
        from wanted
        inner join book_messages as messages using (venue, symbol, epoch, sequence)
        union all
        select -1, row_number() over (order by venue, symbol, epoch), wanted.*
        from wanted
        where {{ is_replayed() }}
    ),

    -- What a level is worth is the same for as long as it stands.
    standing as (
        select
            book,
            first_ordinal,
            end_ordinal,
            key,
            quantity,
            {{ exact_product("abs(key)", "quantity") }} as notional
        from book_spans
    ),

    levels as (
        select book, first_ordinal + repetition as ordinal, key, quantity, notional
        from {{ repeated("standing", "end_ordinal - first_ordinal") }}
        union all
        select
            placed.book,
            placed.ordinal,
            levels.key,
            levels.quantity,
            {{ exact_product("levels.price", "levels.quantity") }}
        from placed
        inner join
            ({{ replayed_levels() }}) as levels using (kafka_topic, topic_life, kafka_partition, first_offset)
        where levels.event_at >= (select min(window_start_at) from placed where book = -1)
    ),

    -- The many levels once, the few rings for every depth.
    rings as (
        select
            book, ordinal, {{ ring_of_level() }} as ring, sum(quantity) as quantity, sum(notional) as notional
        from levels
        inner join placed using (book, ordinal)
        group by book, ordinal, ring
    ),

    depths as (
        select book, ordinal, {{ depth_columns() }} from rings where ring is not null group by book, ordinal
    )

select
    kafka_topic,
    {{ book_second_columns("placed") }},
    {{ divide("bid_price + ask_price", "2") }} as mid_price,
    {{ depth_column_names() | join(", ") }},
    {% for n in depth_levels() %} {{ imbalance_of_levels(n) }} as imbalance_{{ n }}_levels, {% endfor %}
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    {{ building_through() }} as batch_id
from placed
inner join depths using (book, ordinal)
