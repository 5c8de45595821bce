{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}

{{ candles(seconds=3600, parts=ref("fct_candles_1m")) }}
