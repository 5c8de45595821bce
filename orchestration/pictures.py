"""Pictures on assets: drawn as SVG, shown by the UI as an image in markdown.

price ──╮  ┈┈ VWAP, bands behind it
▂▃▅▂▁▂▃    volume
"""

import base64
import html
from collections.abc import Callable, Mapping, Sequence

import dagster as dg
import duckdb

MINUTES = 120
WIDTH, HEIGHT, PRICE_HEIGHT = 640, 260, 200
BUSIEST = """(select venue, symbol from marts.fct_candles_1m where window_start_at >=
                  (select max(window_start_at) - interval '1 hour' from marts.fct_candles_1m)
              group by all order by sum(trade_count) desc, venue, symbol limit 1)"""
Point = tuple[float, float]


def vwap_picture(connection: duckdb.DuckDBPyConnection) -> dg.MetadataValue | None:
    """Price with the session's VWAP, its bands, and volume: the last two hours of the busiest market."""
    rows = connection.execute(
        f"""select symbol, window_start_at, close::double, candles.volume::double,
                session.vwap, lower_band_2, upper_band_2
            from marts.fct_candles_1m as candles
            inner join marts.fct_vwap_session as session using (venue, symbol, window_start_at)
            where (venue, symbol) in {BUSIEST}
            order by window_start_at desc limit {MINUTES}"""
    ).fetchall()[::-1]
    if len(rows) < 2:
        return None
    symbols, times, closes, volumes, vwaps, lower, upper = zip(*rows, strict=True)
    across = [(time - times[0]).total_seconds() for time in times]
    price = _Scale(across, [*closes, *lower, *upper], top=0, bottom=PRICE_HEIGHT)
    volume = _Scale(across, [0, *volumes], top=PRICE_HEIGHT + 10, bottom=HEIGHT)
    band = [*price.points(across, upper), *price.points(across, lower)[::-1]]
    shapes = [
        f'<polygon points="{_listed(band)}" fill="#cfe3ff"/>',
        *(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="3" height="{HEIGHT - y:.1f}" fill="#9aa5b1"/>'
            for x, y in volume.points(across, volumes)
        ),
        f'<polyline points="{_listed(price.points(across, vwaps))}" fill="none" stroke="#d9822b"/>',
        f'<polyline points="{_listed(price.points(across, closes))}" fill="none" stroke="#106ba3"/>',
    ]
    span = f"{times[0]:%H:%M} to {times[-1]:%H:%M}"
    return _image(shapes, f"{symbols[0]}: price, VWAP with two standard deviations, volume, {span}")


PICTURES: Mapping[dg.AssetKey, Callable[[duckdb.DuckDBPyConnection], dg.MetadataValue | None]] = {
    dg.AssetKey(["marts", "fct_vwap_session"]): vwap_picture,
    dg.AssetKey(["marts", "fct_candles_1m"]): vwap_picture,
}


class _Scale:
    """From data to the picture: right is later, up is more."""

    def __init__(self, across: Sequence[float], up: Sequence[float], *, top: float, bottom: float) -> None:
        self._least, self._top, self._bottom = min(up), top, bottom
        self._up = (bottom - top) / ((max(up) - min(up)) or 1)
        self._across = (WIDTH - 4) / (across[-1] or 1)

    def points(self, across: Sequence[float], up: Sequence[float]) -> list[Point]:
        return [
            (x * self._across, self._bottom - (y - self._least) * self._up)
            for x, y in zip(across, up, strict=True)
        ]


def _listed(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _image(shapes: Sequence[str], title: str) -> dg.MetadataValue:
    title = html.escape(title)  # a symbol is what a venue sent
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">'
    encoded = base64.b64encode(f"{opening}{''.join(shapes)}</svg>".encode()).decode()
    return dg.MetadataValue.md(f'{title}\n\n<img alt="{title}" src="data:image/svg+xml;base64,{encoded}">')
