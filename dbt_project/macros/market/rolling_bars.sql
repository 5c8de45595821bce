{# VWAP by typical price, moving average and volatility over the last bars of a market, however long ago. #}
{% macro rolling_bars(candles) -%}
    {%- set bars = var("rolling_bars") -%}
    with
        {% call affected() %} {{ affected_frames(candles, frame_of_bars(bars)) }} {% endcall %},

        numbered as (
            select *, row_number() over (partition by venue, symbol order by window_start_at) as number
            from ({{ bars_back(candles, bars - 1) }}) as bars
        ),

        ending as (
            select numbered.* from numbered inner join affected using (venue, symbol, window_start_at)
        ),

        framed as ({{ bars_by_frame(bars) }})

    select
        venue,
        symbol,
        min(window_start_at) as first_bar_start_at,
        ending_at as window_start_at,
        ending_at + interval '60 seconds' as window_end_at,
        {{ divide(sum_of_doubles("traded"), "sum(volume)") }} as typical_vwap,
        {{ divide("sum(close)", "count(*)") }} as moving_avg,
        reference
        * {{
            standard_deviation(
                sum_of_doubles("deviation"),
                sum_of_doubles("deviation * deviation"),
                "count(*)",
                "count(*) - 1",
            )
        }} as volatility,
        cast(sum(volume) as decimal(38, 10)) as volume,
        {{ provenance_columns() }}
    from framed
    group by venue, symbol, ending_at, reference
    having count(*) = {{ bars }}
{%- endmacro %}

{# Each affected bar, as `ending`, with the bars of its frame. #}
{% macro bars_by_frame(bars) -%}
    select
        bars.*,
        repeated.window_start_at as ending_at,
        cast(repeated.close as double) as reference,
        {{ divide("bars.high + bars.low + bars.close", "3") }} * cast(bars.volume as double) as traded,
        -- Bounded, so that no price can overflow the sum of squares.
        {{ at_most(divide("bars.close", "repeated.close"), "1e15") }} - 1 as deviation
    from {{ repeated("ending", bars) }}
    inner join
        numbered as bars
        on bars.venue = repeated.venue
        and bars.symbol = repeated.symbol
        and bars.number = repeated.number - repeated.repetition
{%- endmacro %}
