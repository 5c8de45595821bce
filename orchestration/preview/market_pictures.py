"""Pictures on assets: drawn as SVG, shown by the UI as an image in markdown.

price ──╮  ┈┈ VWAP, bands behind it
▂▃▅▂▁▂▃    volume
"""

from collections.abc import Callable, Mapping

import dagster as dg

from ingest.warehouse.connection import Connection
from orchestration.preview.book_pictures import depth_picture, touch_picture
from orchestration.preview.drawing import HEIGHT, Scale, image, listed

MINUTES = 120
PRICE_HEIGHT = 200
BUSIEST = """(select venue, symbol from marts.fct_candles_1m
              where window_start_at <= cast(current_timestamp as timestamp) and window_start_at >=
                  (select max(window_start_at) - interval '1 hour' from marts.fct_candles_1m
                   where window_start_at <= cast(current_timestamp as timestamp))
              group by venue, symbol order by sum(trade_count) desc, venue, symbol limit 1)"""


def vwap_picture(connection: Connection) -> dg.MetadataValue | None:
    """Price with the session's VWAP, its bands, and volume: the last two hours of the busiest market."""
    rows = connection.execute(
        f"""select venue || ' ' || symbol as market, window_start_at,
                cast(close as double), cast(candles.volume as double),
                cast(session.vwap as double), cast(lower_band_2 as double), cast(upper_band_2 as double)
            from marts.fct_candles_1m as candles
            inner join marts.fct_vwap_session as session using (venue, symbol, window_start_at)
            where (venue, symbol) in {BUSIEST}
            order by window_start_at desc limit {MINUTES}"""
    ).fetchall()[::-1]
    if len(rows) < 2:
        return None
    markets, times, closes, volumes, vwaps, lower, upper = zip(*rows, strict=True)
    across = [(time - times[0]).total_seconds() for time in times]
    price = Scale(across, [*closes, *lower, *upper], top=0, bottom=PRICE_HEIGHT)
    volume = Scale(across, [0, *volumes], top=PRICE_HEIGHT + 10, bottom=HEIGHT)
    band = [*price.points(across, upper), *price.points(across, lower)[::-1]]
    shapes = [
        f'<polygon points="{listed(band)}" fill="#cfe3ff"/>',
        *(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="3" height="{HEIGHT - y:.1f}" fill="#9aa5b1"/>'
            for x, y in volume.points(across, volumes)
        ),
        f'<polyline points="{listed(price.points(across, vwaps))}" fill="none" stroke="#d9822b"/>',
        f'<polyline points="{listed(price.points(across, closes))}" fill="none" stroke="#106ba3"/>',
    ]
    span = f"{times[0]:%H:%M} to {times[-1]:%H:%M}"
    return image(shapes, f"{markets[0]}: price, VWAP with two standard deviations, volume, {span}")


PICTURES: Mapping[dg.AssetKey, Callable[[Connection], dg.MetadataValue | None]] = {
    dg.AssetKey(["marts", "fct_vwap_session"]): vwap_picture,
    dg.AssetKey(["marts", "fct_candles_1m"]): vwap_picture,
    dg.AssetKey(["marts", "fct_book_ladder"]): depth_picture,
    dg.AssetKey(["marts", "fct_book_depth_1s"]): depth_picture,
    dg.AssetKey(["marts", "fct_book_top"]): touch_picture,
}
