{% set id = ["venue", "symbol", "event_at"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": ["window_start_at"]}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_replay__ohlcv"), id) }} {% endcall %}

select
    venue,
    symbol,
    event_at,
    event_at as window_start_at,
    event_at + interval '60 seconds' as window_end_at,
    open,
    high,
    low,
    close,
    volume,
    {{ message_count(id) }} as message_count,
    {{ one_message_columns() }}
from {{ ref("stg_replay__ohlcv") }}
inner join affected using (venue, symbol, event_at, landed_batch_id)
where rejected_reason is null and bar_interval = '1m'
qualify {{ is_first_of(id) }}
