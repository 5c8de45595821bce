{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }}

{{ candles(seconds=86400, parts=ref("fct_candles_1h")) }}
