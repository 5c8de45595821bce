"""The exchange's answers as tables in PostgreSQL, for change data capture to read.

Binance's REST, or the simulated exchange ─▶ rows ─▶ Loader: upsert, forget ─▶ binance.prices, …
"""
