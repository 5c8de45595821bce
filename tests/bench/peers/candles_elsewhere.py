"""The same trades made into candles by others: python candles_elsewhere.py WHAT TRADES.parquet [ROWS]

polars 1s|1m|all   one group-by per length, written to Parquet; `all`: four lengths and the minute's analytics
pandas             message by message into the minute's list, a DataFrame of it when the minute closes
"""

# pyright: reportMissingImports=false

import json
import sys
import time
from typing import Any

LENGTHS = ("1s", "1m", "1h", "1d")


def polars(what: str, path: str) -> dict[str, Any]:
    import polars as pl

    in_order = pl.col("price").sort_by("event_at", "trade_id")
    began = time.monotonic()
    trades = pl.read_parquet(path)
    for name in LENGTHS if what == "all" else [what]:
        candles = trades.group_by("venue", "symbol", pl.col("event_at").dt.truncate(name)).agg(
            open=in_order.first(),
            high=pl.col("price").max(),
            low=pl.col("price").min(),
            close=in_order.last(),
            volume=pl.col("quantity").sum(),
            notional=pl.col("notional").sum(),
            trade_count=pl.len(),
            taker_buy_volume=pl.col("quantity").filter(pl.col("taker_side") == "buy").sum(),
        )
        candles.with_columns(vwap=pl.col("notional") / pl.col("volume")).write_parquet(f"{path}.{name}")
    if what == "all":
        price = pl.col("price")
        trades.group_by("venue", "symbol", pl.col("event_at").dt.truncate("1m")).agg(
            avg_price=price.mean(),
            price_change_pct=(price.max() - price.min()) / price.min() * 100,
            volatility=price.std(),
            trade_count=pl.len(),
        ).write_parquet(f"{path}.analytics")
    return {"seconds": time.monotonic() - began}


def pandas(path: str, rows: str) -> dict[str, Any]:
    import pandas as pd

    trades = pd.read_parquet(path, columns=["symbol", "event_at", "price"]).head(int(rows)).to_dict("records")
    windows: dict[str, Any] = {}
    minutes: dict[str, list[dict[str, Any]]] = {}
    found = []
    began = time.monotonic()
    for trade in trades:
        start, symbol = trade["event_at"].floor("min"), trade["symbol"]
        if start != windows.get(symbol):
            if minutes.get(symbol):
                found.append(_analytics(pd.DataFrame(minutes[symbol])))
            windows[symbol], minutes[symbol] = start, []
        minutes[symbol].append(trade)
    return {"seconds": time.monotonic() - began, "windows": len(found)}


def _analytics(frame: Any) -> tuple[float, ...]:
    price = frame["price"]
    return price.mean(), (price.max() - price.min()) / price.min() * 100, price.std(), len(frame)


if __name__ == "__main__":
    which, *arguments = sys.argv[1:]
    answer = pandas(*arguments) if which == "pandas" else polars(*arguments)
    sys.stdout.write(json.dumps(answer) + "\n")
