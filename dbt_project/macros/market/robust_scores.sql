{#
    How unusual a figure is beside those of the minutes before: its distance from their median, in units
    of their median distance from it (0.6745 makes that a standard deviation, were they normal). One
    spike among them does not hide the next, as it would with mean and standard deviation.
#}
{% macro robust_scores(suspects, minutes, figure, lookback, at_least) -%}
    with
        figures_before as (
            select repeated.venue, repeated.symbol, repeated.window_start_at, minutes.{{ figure }} as figure
            from {{ repeated(suspects, lookback) }}
            inner join
                {{ minutes }} as minutes
                on minutes.venue = repeated.venue
                and minutes.symbol = repeated.symbol
                and minutes.window_start_at
                = {{ add_minutes("repeated.window_start_at", "-1 - repeated.repetition") }}
            where minutes.{{ figure }} is not null
        ),

        medians as (
            select venue, symbol, window_start_at, median(figure) as middle, count(*) as figure_count
            from figures_before
            group by venue, symbol, window_start_at
        ),

        spreads as (
            select venue, symbol, window_start_at, median(abs(figure - middle)) as spread
            from figures_before
            inner join medians using (venue, symbol, window_start_at)
            group by venue, symbol, window_start_at
        )

    select
        suspects.*,
        case
            when figure_count >= {{ at_least }} then 0.6745 * {{ divide(figure ~ " - middle", "spread") }}
        end as robust_z_score
    from {{ suspects }} as suspects
    left join medians using (venue, symbol, window_start_at)
    left join spreads using (venue, symbol, window_start_at)
{%- endmacro %}
