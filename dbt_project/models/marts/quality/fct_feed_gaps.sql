{{ config(materialized="settled_view") }}

{{ trade_id_gaps(ref("fct_trades")) }}
union all
{{ filled_trade_gaps(ref("stg_binance__trades")) }}
union all
{{ book_sequence_gaps(ref("int_depth_messages_deduplicated")) }}
union all
{{ missing_minutes(ref("stg_replay__ohlcv")) }}
union all
{{ silences(ref("stg_feeds__events")) }}
union all
{{ lost_offsets() }}
