"""Which columns of a file make a payload, and where in it they stand."""

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path

from ingest.core.errors import InputInvalid

OHLCV = ("datetime", "open", "high", "low", "close", "volume")
TIME_COLUMNS = ("datetime", "timestamp", "date", "time", "open time", "unix")
"""What files call the time of a bar, the best known first."""

L2_LEVELS = 15
L2_COLUMNS = ("system_time", "midpoint", "spread", "buys", "sells")
L2_LEVEL = ("distance", "notional", "cancel_notional", "limit_notional", "market_notional")


class Layout:
    """A payload with blanks, `{"open":"%s",...}`, and the columns that fill them. The first is the time."""

    def __init__(self, template: str, indexes: Sequence[int]) -> None:
        self._template = template
        self._pick = itemgetter(*indexes)
        self._width = max(indexes) + 1
        self._time = indexes[0]

    def payload(self, row: list[str], *, is_plain: bool) -> bytes:
        """A cell that is missing is empty: staging refuses it."""
        if len(row) < self._width:
            row = row + [""] * (self._width - len(row))
        if not is_plain:
            row = [json.dumps(cell, ensure_ascii=False)[1:-1] for cell in row]
        return (self._template % self._pick(row)).encode()

    def time(self, row: list[str]) -> str:
        return row[self._time] if self._time < len(row) else ""


def ohlcv_layout(path: Path, columns: Sequence[str], named: Mapping[str, str]) -> Layout:
    """Bars. Where the file has names of its own, `named` says which is which: {"open": "Open Price"}."""
    places = {name.strip().lower(): place for place, name in reversed(list(enumerate(columns)))}
    indexes = []
    for field in OHLCV:
        names = [named[field]] if field in named else TIME_COLUMNS if field == "datetime" else [field]
        found = [places[name.lower()] for name in names if name.lower() in places]
        if not found:
            raise _no_column(path, names[0], columns, f"Say which one it is: --column {field}=<name>.")
        indexes.append(found[0])
    return Layout(_object([f'"{field}":"%s"' for field in OHLCV]), indexes)


def l2_layout(path: Path, columns: Sequence[str]) -> Layout:
    """One-second books: 15 levels a side, each with the distance to mid and four notionals."""
    places = {name: place for place, name in enumerate(columns)}
    names = [*L2_COLUMNS]
    for side in ("bids", "asks"):
        names += [f"{side}_{field}_{level}" for level in range(L2_LEVELS) for field in L2_LEVEL]
    for name in names:
        if name not in places:
            raise _no_column(path, name, columns, "Is it a one-second level-2 file?")
    levels = ",".join(["[" + ",".join(['"%s"'] * len(L2_LEVEL)) + "]"] * L2_LEVELS)
    fields = [f'"{name}":"%s"' for name in L2_COLUMNS]
    return Layout(
        _object([*fields, f'"bids":[{levels}]', f'"asks":[{levels}]']), [places[name] for name in names]
    )


def _object(fields: Sequence[str]) -> str:
    return "{" + ",".join(fields) + "}"


def _no_column(path: Path, name: str, columns: Sequence[str], remedy: str) -> InputInvalid:
    there = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
    return InputInvalid(f"{path} has no column {name!r}; it has {there}. {remedy}")
