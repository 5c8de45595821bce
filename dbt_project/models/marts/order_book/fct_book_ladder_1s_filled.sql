{{
    config(
        materialized="settled_view",
        post_hook=["{{ define_book_at() }}", "{{ define_book_at_sequence() }}"],
    )
}}

with
    followed as (
        select
            *,
            lead(window_start_at) over (
                partition by venue, symbol, epoch order by window_start_at
            ) as next_start_at
        from {{ ref("fct_book_ladder_1s") }}
    ),

    held as (
        select
            *,
            coalesce(
                cast({{ milliseconds_between("window_start_at", "next_start_at") }} / 1000 as bigint), 1
            ) as hold_seconds
        from followed
    )

select
    kafka_topic,
    venue,
    symbol,
    epoch,
    {{ add_seconds("window_start_at", "repetition") }} as window_start_at,
    {{ add_seconds("window_start_at", "repetition + 1") }} as window_end_at,
    sequence,
    {% for side in ["bid", "ask"] %}
        {% for number in range(10) %}
            {{ side }}_price_{{ "%02d" | format(number) }}, {{ side }}_quantity_{{ "%02d" | format(number) }},
        {% endfor %}
    {% endfor %}
    repetition > 0 as is_filled,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    batch_id
from {{ repeated("held", at_most("hold_seconds", 24 * 60 * 60)) }}
