{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set session = time_bucket("window_start_at", 86400) %}
{% set frame = "order by window_start_at rows between unbounded preceding and current row" %}
{% set so_far = "over (partition by venue, symbol, session_start_at " ~ frame ~ ")" %}

with
    {% call affected() %}
        select *, {{ session }} as session_start_at
        from ({{ affected_frames(ref("fct_candles_1m"), frame, per="venue, symbol, " ~ session) }}) as frames
        where not {{ has_lost_trades(session) }}
    {% endcall %},

    minutes as (
        select candles.*, sessions.session_start_at, analytics.vwap_stddev
        from {{ ref("fct_candles_1m") }} as candles
        inner join {{ ref("fct_trade_analytics_1m") }} as analytics using (venue, symbol, window_start_at)
        inner join
            (select distinct venue, symbol, session_start_at from affected) as sessions
            on candles.venue = sessions.venue
            and candles.symbol = sessions.symbol
            and {{ time_bucket("candles.window_start_at", 86400) }} = sessions.session_start_at
        where candles.window_start_at >= (select min(session_start_at) from affected)
    ),

    referred as (
        select *, cast(first_value(open) {{ so_far }} as double) as reference
        from ({{ with_holds("minutes", per="venue, symbol, session_start_at") }}) as held
    ),

    spread as (select *, {{ squared_deviation() }} as squared_deviation from referred),

    running as (
        select
            {{ window_columns(60) }},
            session_start_at,
            {{ divide("sum(notional) " ~ so_far, "sum(volume) " ~ so_far) }} as vwap,
            {{ vwap_stddev(so_far) }} as vwap_stddev,
            {{ twap(so_far) }} as twap,
            cast(sum(volume) {{ so_far }} as decimal(38, 10)) as volume,
            cast(sum(notional) {{ so_far }} as decimal(38, 10)) as notional,
            cast(sum(trade_count) {{ so_far }} as bigint) as trade_count,
            {{ provenance_columns(so_far) }}
        from spread
    )

select
    running.*
    {%- for sigmas in [1, 2, 3] %}
        ,
        running.vwap - {{ sigmas }} * running.vwap_stddev as lower_band_{{ sigmas }},
        running.vwap + {{ sigmas }} * running.vwap_stddev as upper_band_{{ sigmas }}
    {%- endfor %}
from running
inner join affected using (venue, symbol, window_start_at)
