{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}

{{ rolling_bars(ref("fct_ohlcv_1m")) }}
