{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set seconds = 3600 %}
{% set minutes_of_a_year = 525600 %}
{% set market = "over (partition by venue, symbol order by window_start_at)" %}

with
    {% call affected() %}
        {# A minute counts in its own return and in that of the minute after it. #}
        select distinct venue, symbol, {{ time_bucket("touched_at", seconds) }} as window_start_at
        from
            (
                {% for later in [0, 1] %}
                    select venue, symbol, window_start_at + interval '{{ later }} minutes' as touched_at
                    from {{ changed(ref("fct_candles_1m"), ["venue", "symbol", "window_start_at"]) }} as changed
                    {{ "union all" if not loop.last }}
                {% endfor %}
            ) as touched
        where not {{ has_lost_trades(time_bucket("touched_at", seconds) ~ " - interval '1 minute'") }}
    {% endcall %},

    steps as (
        select
            candles.*,
            case
                when lag(window_start_at) {{ market }} = window_start_at - interval '1 minute'
                then ln({{ divide("close", "lag(close) " ~ market) }})
            end as log_return
        from {{ ref("fct_candles_1m") }} as candles
        where window_start_at >= (select min(window_start_at) - interval '1 minute' from affected)
    ),

    parts as ({{ rows_in_windows("steps", "window_start_at", seconds) }}),

    summed as (
        select
            {{ window_columns(seconds) }},
            window_start_at - interval '1 minute' as returns_start_at,
            count(log_return) as return_count,
            {{ sum_of_doubles("log_return * log_return") }} as squared_returns,
            {{ provenance_columns() }}
        from parts
        group by venue, symbol, window_start_at
    )

select
    * exclude (squared_returns),
    sqrt(squared_returns) as realised_volatility,
    sqrt(squared_returns / nullif(return_count, 0) * {{ minutes_of_a_year }}) as annualised_volatility
from summed
