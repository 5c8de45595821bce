{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"], "keys_at_once": 5000}) }}
{% set depth = 10 %}

with
    {% call affected() %}
        {{ affected_book_seconds() }}
        union
        {{ affected_replayed_seconds() }}
    {% endcall %},

    wanted as ({{ books_of_affected_seconds() }}),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }},

    {{ book_ladders(depth) }},

    replayed as ({{ levels_of_replayed_seconds() }}),

    seconds as (
        select
            messages.kafka_topic,
            wanted.venue,
            wanted.symbol,
            wanted.epoch,
            wanted.window_start_at,
            wanted.sequence,
            book_ladders.bids,
            book_ladders.asks,
            messages.topic_life,
            messages.kafka_partition,
            messages.first_offset,
            messages.last_offset
        from wanted
        inner join book_messages as messages using (venue, symbol, epoch, sequence)
        left join
            book_ladders
            on messages.book = book_ladders.book
            and messages.wanted_so_far = book_ladders.ordinal
        union all
        select
            kafka_topic,
            venue,
            symbol,
            epoch,
            window_start_at,
            epoch as sequence,
            {{ best_levels("key > 0", depth) }},
            {{ best_levels("key < 0", depth) }},
            topic_life,
            kafka_partition,
            first_offset,
            last_offset
        from replayed
        group by
            kafka_topic,
            venue,
            symbol,
            epoch,
            window_start_at,
            topic_life,
            kafka_partition,
            first_offset,
            last_offset
    )

select
    kafka_topic,
    {{ book_second_columns("seconds") }},
    {{ ladder_columns(depth) }},
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    {{ building_through() }} as batch_id
from seconds
