{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"]}) }}
{% set depth = 10 %}

with
    {% call affected() %} {{ affected_book_seconds() }} {% endcall %},

    wanted as ({{ books_of_affected_seconds() }}),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }},

    {{ book_ladders(depth) }}

select
    {{ book_second_columns("wanted") }},
    {{ ladder_columns(depth) }},
    messages.topic_life,
    messages.kafka_partition,
    messages.first_offset,
    messages.last_offset,
    {{ building_through() }} as batch_id
from wanted
inner join book_messages as messages using (venue, symbol, epoch, sequence)
left join book_ladders on messages.book = book_ladders.book and messages.wanted_so_far = book_ladders.ordinal
