{{ config(materialized="settled_view") }}

{{ rejected_records(ref("stg_binance__trades"), "binance.trades") }}
union all
{{ rejected_records(ref("stg_binance__depth_messages"), "binance.depth") }}
union all
{{ rejected_records(ref("stg_binance__book_tickers"), "binance.book_tickers") }}
union all
{{ rejected_records(ref("stg_binance__agg_trades"), "binance.agg_trades") }}
union all
{{ rejected_records(ref("stg_binance__klines"), "binance.klines") }}
union all
{{ rejected_records(ref("stg_binance__tickers"), "binance.tickers") }}
union all
{{ rejected_records(ref("stg_binance__prices"), "binance.prices") }}
union all
{{ rejected_records(ref("stg_coinbase__book_messages"), "coinbase.books") }}
union all
{{ rejected_records(ref("stg_coinbase__trades"), "coinbase.trades") }}
union all
{{ rejected_records(ref("stg_kraken__book_messages"), "kraken.books") }}
union all
{{ rejected_records(ref("stg_kraken__trades"), "kraken.trades") }}
union all
{{ rejected_records(ref("stg_replay__ohlcv"), "replay.ohlcv") }}
union all
{{ rejected_records(ref("stg_replay__second_books"), "replay.second_books") }}
union all
{{ rejected_records(ref("stg_simulated__ticks"), "simulated.ticks") }}
union all
{{ rejected_records(ref("stg_feeds__events"), "feeds.events", symbol="null") }}
union all
{{ rejected_records(ref("stg_cdc__changes"), symbol="null") }}
union all
{% for venue in ["binance", "coinbase", "kraken"] %}
    {{
        conflicting_duplicates(
            ref("stg_" ~ venue ~ "__trades"),
            ref("fct_trades"),
            venue ~ ".trades",
            id=["venue", "symbol", "trade_id"],
            content=["price", "quantity", "taker_side", "event_at"],
        )
    }}
    union all
{% endfor %}
{{
    conflicting_duplicates(
        ref("stg_binance__depth_messages"),
        ref("int_depth_messages_deduplicated"),
        "binance.depth",
        id=["venue", "symbol", "kind", "first_update_id", "last_update_id"],
        content=["bids", "asks"],
    )
}}
union all
{{
    conflicting_duplicates(
        ref("stg_binance__book_tickers"),
        ref("fct_quotes"),
        "binance.book_tickers",
        id=["venue", "symbol", "update_id"],
        content=["bid_price", "bid_quantity", "ask_price", "ask_quantity"],
    )
}}
union all
{{
    conflicting_duplicates(
        ref("stg_simulated__ticks"),
        ref("int_ticks_deduplicated"),
        "simulated.ticks",
        id=["venue", "symbol", "sequence_id"],
        content=["bid_price", "bid_volume", "ask_price", "ask_volume", "event_at"],
    )
}}
union all
{{
    conflicting_duplicates(
        ref("stg_cdc__changes"),
        ref("int_row_changes_deduplicated"),
        none,
        id=["kafka_topic", "row_key", "op", "lsn"],
        content=["event_at", "row_after"],
        symbol="null",
    )
}}
