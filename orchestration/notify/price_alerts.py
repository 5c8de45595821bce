"""Price alerts that are news: each is told once, and taken back once if a late trade undoes it.

marts.fct_price_alerts  without  ops.told_alerts          ─▶ told
ops.told_alerts         without  marts.fct_price_alerts   ─▶ taken back

Written down before they are told: killed in between, an alert is missed rather than told twice.
"""

from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from ingest.warehouse.connection import Connection

ALERTS = dg.AssetKey(["marts", "fct_price_alerts"])
KEY = "alert.venue, alert.symbol, alert.window_start_at, alert.rule"
SAME = """other.venue = alert.venue and other.symbol = alert.symbol
    and other.window_start_at = alert.window_start_at and other.rule = alert.rule"""
NOW = "cast(current_timestamp as timestamp)"
# An alert of a minute further back is history: of a backfill, or from before alerts were built at all. Each
# market has a last hour of its own, and none begins after now: a time that is made up silences nobody.
LAST_HOURS = f"""(
    select venue, symbol, max(window_start_at) - interval '1 hour' as began_at
    from marts.fct_candles_1m where window_start_at <= {NOW} group by venue, symbol) as last_hour"""
IS_NEWS = f"alert.window_start_at >= last_hour.began_at and alert.window_start_at <= {NOW}"
OF_MARKET = "last_hour.venue = alert.venue and last_hour.symbol = alert.symbol"


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """One minute in which a price moved too far."""

    venue: str
    symbol: str
    window_start_at: datetime
    rule: str
    change_pct: float | None
    """None if the alert is taken back."""

    @property
    def text(self) -> str:
        where = f"{self.symbol} on {self.venue}, minute {self.window_start_at:%Y-%m-%d %H:%M} UTC"
        if self.change_pct is None:
            return f"Taken back: {where} ({self.rule})"
        return f"{where}: {self.change_pct:+.2f} % ({self.rule})"

    @property
    def metadata(self) -> dict[str, str | float]:
        """As the UI shows it."""
        minute = {"venue": self.venue, "symbol": self.symbol, "window_start_at": str(self.window_start_at)}
        found: dict[str, str | float] = {"text": self.text, **minute, "rule": self.rule}
        return found if self.change_pct is None else found | {"change_pct": self.change_pct}


def price_alerts(connection: Connection) -> list[PriceAlert]:
    """What is to be told now."""
    new = connection.execute(
        f"""select {KEY}, alert.change_pct from marts.fct_price_alerts as alert
            inner join {LAST_HOURS} on {OF_MARKET}
            where not exists (select 1 from ops.told_alerts as other where {SAME}) and {IS_NEWS}
            order by alert.window_start_at"""
    ).fetchall()
    gone = connection.execute(
        f"""select {KEY}, null from ops.told_alerts as alert
            inner join {LAST_HOURS} on {OF_MARKET}
            where not exists (select 1 from marts.fct_price_alerts as other where {SAME})
                and alert.retracted_at is null and {IS_NEWS}
            order by alert.window_start_at"""
    ).fetchall()
    for venue, symbol, window_start_at, rule, _ in new:
        values = [venue, symbol, window_start_at, rule]
        connection.execute(f"insert into ops.told_alerts select ?, ?, ?, ?, {NOW}, null", values)
    for venue, symbol, window_start_at, rule, _ in gone:
        connection.execute(
            f"""update ops.told_alerts set retracted_at = {NOW}
                where venue = ? and symbol = ? and window_start_at = ? and rule = ?""",
            [venue, symbol, window_start_at, rule],
        )
    return [PriceAlert(*row) for row in (*new, *gone)]
