{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}
{% set seconds = 60 %}

with
    {% call affected() %} {{ affected_windows(seconds) }} {% endcall %},

    trades as ({{ trades_in_windows(seconds) }})

select {{ window_columns(seconds) }}, {{ candle_columns() }}, {{ provenance_columns() }}
from trades
group by venue, symbol, window_start_at
