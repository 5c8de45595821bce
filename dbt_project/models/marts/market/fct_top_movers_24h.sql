{{ config(materialized="settled_view") }}

with
    {# Not by the clock of whoever asks: the day ends with the venue's newest candle. #}
    ends as (
        select venue, max(window_end_at) as window_end_at from {{ ref("fct_candles_1m") }} group by venue
    ),

    parts as (
        select candles.*, ends.window_end_at as ends_at, candles.window_start_at as part_at
        from {{ ref("fct_candles_1m") }} as candles
        inner join ends on candles.venue = ends.venue
        where candles.window_start_at >= ends.window_end_at - interval '24 hours'
    ),

    moved as (
        select
            venue,
            symbol,
            ends_at - interval '24 hours' as window_start_at,
            ends_at as window_end_at,
            {{ combined_candle_columns() }},
            {{ provenance_columns() }}
        from parts
        group by venue, symbol, ends_at
    )

select
    *,
    {{ divide("close - open", "open") }} * 100 as change_pct,
    rank() over (partition by venue order by {{ divide("close - open", "open") }} desc) as gain_rank,
    rank() over (partition by venue order by {{ divide("close - open", "open") }}) as loss_rank
from moved
