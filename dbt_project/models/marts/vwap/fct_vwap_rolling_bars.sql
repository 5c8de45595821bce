{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}

{{ rolling_bars(ref("fct_candles_1m")) }}
