{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set candles = ref("fct_candles_1m") %}
{% set lookback = 60 %}
{% set market = "over (partition by venue, symbol order by window_start_at)" %}
{% set rules = {
    "percentage": ("change_pct", var("alert_change_pct")),
    "z_score": ("robust_z_score", var("alert_z_score")),
} %}

with
    {% call affected() %}
        select *
        from ({{ affected_frames(candles, frame_of_minutes(lookback + 2)) }}) as frames
        where not {{ has_lost_trades("window_start_at - interval '" ~ (lookback + 1) ~ " minutes'") }}
    {% endcall %},

    {# The change from one minute to the next; none across a minute without a trade. #}
    changes as (
        select
            *,
            lag(close) {{ market }} as previous_close,
            case
                when lag(window_start_at) {{ market }} = window_start_at - interval '1 minute'
                then {{ divide("close - lag(close) " ~ market, "lag(close) " ~ market) }} * 100
            end as change_pct
        from ({{ candles_back(candles, lookback + 1) }}) as minutes
    ),

    suspects as (
        select changes.*
        from changes
        inner join affected using (venue, symbol, window_start_at)
        where abs(change_pct) >= {{ var("alert_min_change_pct") }}
    ),

    scored as ({{ robust_scores("suspects", "changes", "change_pct", lookback, var("alert_min_changes")) }})
{% for rule, (figure, threshold) in rules.items() %}
    select
        venue,
        symbol,
        window_start_at - interval '{{ lookback + 1 }} minutes' as lookback_start_at,
        window_start_at,
        window_end_at,
        '{{ rule }}' as rule,
        previous_close,
        close,
        change_pct,
        robust_z_score,
        topic_life,
        kafka_partition,
        first_offset,
        last_offset,
        {{ building_through() }} as batch_id
    from scored
    where abs({{ figure }}) >= {{ threshold }} {{ "union all" if not loop.last }}
{% endfor %}
