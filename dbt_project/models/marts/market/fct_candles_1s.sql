{{ config(meta={"affected_key": ["venue", "symbol", "window_start_at"]}) }} {{ candles(seconds=1) }}
