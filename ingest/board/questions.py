"""What the board asks the marts of one market: each question is bounded by rows.

View (venue, symbol, width) ─▶ candles, VWAP, book, spread, tape, gaps ─▶ what JSON can hold
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from ingest.warehouse.connection import Connection, built_relations

WIDTHS = ("1s", "1m", "1h", "1d")
MARKETS, CANDLES, SECONDS, TRADES, GAPS = 2000, 300, 300, 40, 200
"""How many of each are shown, the newest."""
LEVELS = 10
HELD_SECONDS = 24 * 60 * 60
"""What nobody changes is shown for so long."""

CANDLE_COLUMNS = """window_start_at, open, high, low, close, volume, taker_buy_volume, vwap,
    first_offset, last_offset, batch_id"""
OF_MARKET = "venue = ? and symbol = ?"
SIDES = ("bid", "ask")


Of = Callable[..., list[dict[str, Any]]]
"""Asks a mart of one market, if it has been built: relation, SQL."""


@dataclass(frozen=True, slots=True)
class View:
    """What a viewer looks at."""

    venue: str
    symbol: str
    width: str

    @property
    def market(self) -> list[str]:
        return [self.venue, self.symbol]


def read_markets(connection: Connection) -> list[list[str]]:
    """Every market that has a candle."""
    if "marts.dim_symbols" not in (built := built_relations(connection)):
        if "marts.fct_candles_1m" not in built:
            return []
        source = "(select distinct venue, symbol from marts.fct_candles_1m) as markets"
    else:
        source = "marts.dim_symbols"
    rows = connection.execute(
        f"select venue, symbol from {source} order by venue, symbol limit 2000"
    ).fetchall()
    return [list(row) for row in rows]


def read_view(connection: Connection, view: View) -> dict[str, Any]:
    """All that is drawn of a market; what has not been built yet is empty."""
    built = built_relations(connection)

    def of(relation: str, sql: str, *values: object) -> list[dict[str, Any]]:
        return _records(connection, sql, [*view.market, *values]) if relation in built else []

    return {
        "candles": _candles(of, view.width),
        "vwap": _session(of) if view.width == "1m" else [],
        "book": _book(of),
        "tops": _tops(of),
        "unknown": _unknown(of),
        "trades": of(
            "marts.fct_trades",
            f"""select trade_id, event_at, price, quantity, taker_side from marts.fct_trades
                where {OF_MARKET} order by event_at desc, trade_id desc limit {TRADES}""",
        ),
    }


def read_gaps(connection: Connection, view: View) -> list[dict[str, Any]]:
    """Holes that the feeds left. Its view looks at whole histories, so it is asked less often."""
    if "marts.fct_feed_gaps" not in built_relations(connection):
        return []
    return _records(
        connection,
        f"""select kind, gap_start_at, gap_end_at, missing_count, state from marts.fct_feed_gaps
            where {OF_MARKET} and gap_start_at is not null order by gap_start_at desc limit {GAPS}""",
        view.market,
    )


def _candles(of: Of, width: str) -> list[dict[str, Any]]:
    relation = f"marts.fct_candles_{width}"
    candles = of(
        relation,
        f"""select {CANDLE_COLUMNS}, false as is_filled from {relation}
            where {OF_MARKET} order by window_start_at desc limit {CANDLES}""",
    )
    return _held(candles, 60, CANDLES, _without_trades) if width == "1m" else candles[::-1]


def _without_trades(candle: dict[str, Any]) -> dict[str, Any]:
    """A minute after it."""
    prices = dict.fromkeys(("open", "high", "low"), candle["close"])
    return candle | prices | {"volume": 0, "taker_buy_volume": 0, "vwap": None, "is_filled": True}


def _session(of: Of) -> list[dict[str, Any]]:
    return of(
        "marts.fct_vwap_session",
        f"""select window_start_at, session_start_at, vwap, twap, lower_band_1, upper_band_1,
                lower_band_2, upper_band_2
            from marts.fct_vwap_session
            where {OF_MARKET} order by window_start_at desc limit {CANDLES}""",
    )[::-1]


def _book(of: Of) -> dict[str, Any] | None:
    """The ladder of the newest second: both sides, best first."""
    columns = ", ".join(
        f"{side}_{what}_{level:02d}"
        for side in SIDES
        for level in range(LEVELS)
        for what in ("price", "quantity")
    )
    found = of(
        "marts.fct_book_ladder_1s",
        f"""select window_start_at, epoch, sequence, first_offset, last_offset, batch_id, {columns}
            from marts.fct_book_ladder_1s
            where {OF_MARKET} order by window_start_at desc, epoch desc limit 1""",
    )
    if not found:
        return None
    row = found[0]
    levels = {
        f"{side}s": [
            [row[f"{side}_price_{level:02d}"], row[f"{side}_quantity_{level:02d}"]]
            for level in range(LEVELS)
            if row[f"{side}_price_{level:02d}"] is not None
        ]
        for side in SIDES
    }
    return {key: row[key] for key in ("window_start_at", "epoch", "sequence", "batch_id")} | levels


def _tops(of: Of) -> list[dict[str, Any]]:
    """A second each, where the book is known; where it is not, there is none."""
    changes = of(
        "marts.fct_book_ladder_1s",
        f"""select changes.window_start_at, top.epoch, top.spread_bps, top.imbalance
            from (select venue, symbol, epoch, sequence, window_start_at from marts.fct_book_ladder_1s
                  where {OF_MARKET} order by window_start_at desc, epoch desc limit {SECONDS}) as changes
            inner join marts.fct_book_top as top using (venue, symbol, epoch, sequence)
            order by changes.window_start_at desc, top.epoch desc""",
    )
    return _held(changes, 1, SECONDS, lambda change: change)


def _held(
    rows: Sequence[dict[str, Any]], step: int, most: int, later: Callable[[dict[str, Any]], dict[str, Any]]
) -> list[dict[str, Any]]:
    """The newest windows, each of so many seconds: a row, newest first, holds until the next of its epoch.

    So do the marts with `_filled` in their names. Of those only what is shown is made here: of a market that
    somebody trades once a day, with old times, they have many millions of rows.
    """
    starts: dict[int, float] = {}
    found: list[dict[str, Any]] = []
    for row in rows:
        start, epoch = row["window_start_at"], row.pop("epoch", 0)
        held = int(min(starts.get(epoch, start + step) - start, HELD_SECONDS)) // step
        starts[epoch] = start
        found += [
            (later(row) if number else row) | {"window_start_at": start + number * step}
            for number in range(max(held - most, 0), held)
        ]
    return sorted(found, key=itemgetter("window_start_at"))[-most:]


def _unknown(of: Of) -> list[dict[str, Any]]:
    """When the book was not known, and if it still is not."""
    return of(
        "marts.fct_book_epochs",
        f"""select last_known_at, known_again_at, end_reason from marts.fct_book_epochs
            where {OF_MARKET} and end_reason is not null and (known_again_at is null or unknown_seconds > 0)
            order by last_known_at desc limit {GAPS}""",
    )


def _records(connection: Connection, sql: str, values: Sequence[object]) -> list[dict[str, Any]]:
    found = connection.execute(sql, values)
    names = [column[0].lower() for column in found.description]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in found.fetchall()]


def _plain(value: Any) -> Any:
    """Instants as seconds, decimals as numbers: what JSON and the chart know."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp()
    return float(value) if isinstance(value, Decimal) else value
