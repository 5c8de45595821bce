{#
    What is reckoned over several candles, such as a session's VWAP: a candle that changes touches its
    own row and those after it whose frame reaches back to it.

        {% set candles = ref("fct_candles_1m") %}
        with {% call affected() %} {{ affected_frames(candles, frame_of_minutes(60)) }} {% endcall %} ...

    Frames lie within what `per` names. A candle that vanished counts as a row here.
#}
{% macro affected_frames(candles, frame, per="venue, symbol") -%}
    with
        changed_candles as (
            select distinct venue, symbol, window_start_at
            from {{ changed(candles, ["venue", "symbol", "window_start_at"]) }} as changed
        ),

        listed as (
            select venue, symbol, window_start_at, max(is_changed) as is_changed
            from
                (
                    select *, 1 as is_changed
                    from changed_candles
                    union all
                    select venue, symbol, window_start_at, 0 as is_changed
                    from {{ candles }}
                    where window_start_at > (select min(window_start_at) from changed_candles)
                ) as marked
            group by venue, symbol, window_start_at
        ),

        reached as (
            select *, max(is_changed) over (partition by {{ per }} {{ frame }}) as is_affected from listed
        )

    select venue, symbol, window_start_at
    from reached
    where is_affected = 1
{%- endmacro %}

{% macro frame_of_minutes(minutes) -%}
    order by window_start_at range between interval '{{ minutes - 1 }} minutes' preceding and current row
{%- endmacro %}

{% macro frame_of_bars(count) -%}
    order by window_start_at rows between {{ count - 1 }} preceding and current row
{%- endmacro %}

{# From the first affected candle of a market to the last, with those of so many minutes before. #}
{% macro candles_back(candles, minutes) -%}
    select candles.*
    from {{ candles }} as candles
    inner join
        (
            select
                venue,
                symbol,
                min(window_start_at) - interval '{{ minutes }} minutes' as since_at,
                max(window_start_at) as until_at
            from affected
            group by venue, symbol
        ) as spans
        on candles.venue = spans.venue
        and candles.symbol = spans.symbol
        and candles.window_start_at between spans.since_at and spans.until_at
    where
        candles.window_start_at
        >= (select min(window_start_at) - interval '{{ minutes }} minutes' from affected)
{%- endmacro %}

{# The same, with so many candles before, however long ago. #}
{% macro bars_back(candles, count) -%}
    select candles.*
    from {{ candles }} as candles
    inner join
        (
            select venue, symbol, until_at, coalesce(min(earlier_at), from_at) as since_at
            from
                (
                    select spans.*, candles.window_start_at as earlier_at
                    from
                        (
                            select
                                venue,
                                symbol,
                                min(window_start_at) as from_at,
                                max(window_start_at) as until_at
                            from affected
                            group by venue, symbol
                        ) as spans
                    left join
                        {{ candles }} as candles
                        on candles.venue = spans.venue
                        and candles.symbol = spans.symbol
                        and candles.window_start_at < spans.from_at
                        {{ top_n(count, "spans.venue, spans.symbol", "candles.window_start_at desc") }}
                ) as before
            group by venue, symbol, until_at, from_at
        ) as reach
        on candles.venue = reach.venue
        and candles.symbol = reach.symbol
        and candles.window_start_at between reach.since_at and reach.until_at
{%- endmacro %}
