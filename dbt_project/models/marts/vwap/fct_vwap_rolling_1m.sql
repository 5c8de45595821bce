{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set lengths = [5, 15, 60] %}
{% set candles = ref("fct_candles_1m") %}
{% set back = "interval '59 minutes'" %}

with
    {% call affected() %}
        select *
        from ({{ affected_frames(candles, frame_of_minutes(60)) }}) as frames
        where not {{ has_lost_trades("window_start_at - " ~ back) }}
    {% endcall %},

    minutes as ({{ candles_back(candles, minutes=59) }}),

    rolled as (
        select
            {{ window_columns(60) }},
            {% for minutes in lengths %}
                {% set over = "over (partition by venue, symbol " ~ frame_of_minutes(minutes) ~ ")" %}
                {{ divide("sum(notional) " ~ over, "sum(volume) " ~ over) }} as vwap_{{ minutes }}m,
                {{ twap(over) }} as twap_{{ minutes }}m,
                cast(sum(volume) {{ over }} as decimal(38, 10)) as volume_{{ minutes }}m,
            {% endfor %}
            window_start_at - {{ back }} as rolling_start_at,
            {{ provenance_columns("over (partition by venue, symbol " ~ frame_of_minutes(60) ~ ")") }}
        from ({{ with_holds("minutes") }}) as held
    )

select rolled.*
from rolled
inner join affected using (venue, symbol, window_start_at)
