{{ config(materialized="settled_view") }}
{% set events = ref("stg_feeds__events") %}
{% set bars = with_minutes(ref("stg_replay__ohlcv"), "event_at", "bar_interval = '1m'") %}
{% set klines = with_minutes(ref("stg_binance__klines"), "window_start_at", "kline_interval = '1m'") %}

{{ missing_numbers("trade_ids", ref("fct_trades"), "trade_id", events) }}
union all
{{ filled_numbers("trade_ids", ref("stg_binance__trades"), "trade_id") }}
union all
{{ missing_numbers("klines", klines ~ " as klines", "minute_number", events) }}
union all
{{ filled_numbers("klines", klines ~ " as klines", "minute_number") }}
union all
{{ missing_numbers("minutes", bars ~ " as bars", "minute_number", events) }}
union all
{{ book_sequence_gaps(ref("int_depth_messages_deduplicated")) }}
union all
{{ silences(events) }}
union all
{{ lost_offsets() }}
