"""Best bid and ask from nautilus_trader's book: `python bbo_elsewhere.py FILE`, the changes as Parquet.

Both after every message; its own messages are made before the time begins. Prices have two decimals there,
quantities three.
"""

# pyright: reportMissingImports=false

import json
import sys
import time
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

import pyarrow.parquet as parquet
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas
from nautilus_trader.model.enums import BookAction, BookType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Price, Quantity


def main(file: str) -> None:
    rows = parquet.read_table(file, columns=["symbol", "sequence", "key", "quantity"])
    changes = zip(*(column.to_pylist() for column in rows.columns), strict=True)
    messages = [
        (symbol, deltas(InstrumentId.from_str(f"{symbol}.BINANCE"), sequence, group))
        for (symbol, sequence), group in groupby(changes, key=lambda change: change[:2])
    ]
    books = {
        symbol: OrderBook(InstrumentId.from_str(f"{symbol}.BINANCE"), BookType.L2_MBP)
        for symbol, _ in messages
    }
    bbos = []
    began = time.monotonic()
    for symbol, changed in messages:
        book = books[symbol]
        book.apply_deltas(changed)
        bid, ask = book.best_bid_price(), book.best_ask_price()
        bbos.append((bid, book.best_bid_size(), ask, book.best_ask_size()))
    sys.stdout.write(json.dumps({"seconds": time.monotonic() - began, "bbos": len(bbos)}) + "\n")


Change = tuple[str, int, Decimal, Decimal]


def deltas(instrument: InstrumentId, sequence: int, changes: Iterable[Change]) -> OrderBookDeltas:
    """One message as nautilus has them."""
    return OrderBookDeltas(
        instrument,
        [
            OrderBookDelta(
                instrument,
                BookAction.UPDATE if quantity else BookAction.DELETE,
                BookOrder(
                    OrderSide.BUY if key > 0 else OrderSide.SELL, Price(abs(key), 2), Quantity(quantity, 3), 0
                ),
                0,
                sequence,
                0,
                0,
            )
            for _, _, key, quantity in changes
        ],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
