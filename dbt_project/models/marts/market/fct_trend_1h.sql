{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set fast, slow = var("trend_fast_bars"), var("trend_slow_bars") %}
{% set candles = ref("fct_candles_1h") %}
{% set market = "over (partition by venue, symbol order by window_start_at)" %}
{% set all_bars = "over (partition by venue, symbol " ~ frame_of_bars(slow + 1) ~ ")" %}

with
    {% call affected() %} {{ affected_frames(candles, frame_of_bars(slow + 1)) }} {% endcall %},

    averaged as (
        select
            {{ window_columns(3600) }},
            close,
            min(window_start_at) {{ all_bars }} as first_bar_start_at,
            count(*) {{ all_bars }} as bar_count,
            {% for name, bars in {"fast_avg": fast, "slow_avg": slow}.items() %}
                {% set frame = "over (partition by venue, symbol " ~ frame_of_bars(bars) ~ ")" %}
                {{ divide("sum(close) " ~ frame, "count(*) " ~ frame) }} as {{ name }},
            {% endfor %}
            {{ provenance_columns(all_bars) }}
        from ({{ bars_back(candles, slow) }}) as bars
    ),

    compared as (
        select *, lag(fast_avg) {{ market }} as fast_before, lag(slow_avg) {{ market }} as slow_before
        from averaged
    )

select
    compared.* exclude (bar_count, fast_before, slow_before),
    (slow_avg / slow_before - 1) * 10000 as slope_bps,
    case when fast_avg > slow_avg then 'up' when fast_avg < slow_avg then 'down' else 'flat' end as trend,
    case
        when fast_before <= slow_before and fast_avg > slow_avg
        then 'up'
        when fast_before >= slow_before and fast_avg < slow_avg
        then 'down'
    end as crossover
from compared
inner join affected using (venue, symbol, window_start_at)
where bar_count = {{ slow + 1 }}
