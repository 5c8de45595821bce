"""Ladders from a sorted container in Python: `python books_elsewhere.py FILE`, the changes as Parquet.

Ten levels of both sides after every message, Decimals as the models have them; reading is not timed.
"""

import json
import sys
import time
from itertools import groupby, islice

import pyarrow.parquet as parquet
from sortedcontainers import SortedDict


def main(file: str) -> None:
    rows = parquet.read_table(file, columns=["symbol", "sequence", "key", "quantity"])
    changes = list(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    messages = [
        (symbol, [(key, quantity) for _, _, key, quantity in group])
        for (symbol, _), group in groupby(changes, key=lambda change: change[:2])
    ]
    books: dict[str, tuple[SortedDict, SortedDict]] = {}
    ladders = 0
    began = time.monotonic()
    for symbol, levels in messages:
        # Ascending by the key below zero: the best of either side is first.
        bids, asks = books.setdefault(symbol, (SortedDict(), SortedDict()))
        for key, quantity in levels:
            side = bids if key > 0 else asks
            if quantity:
                side[-key] = quantity
            else:
                side.pop(-key, None)
        ladders += len([*islice(bids.items(), 10)]) + len([*islice(asks.items(), 10)]) > 0
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began, "ladders": ladders}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
