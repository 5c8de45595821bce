"""Pictures and figures of order books.

bids ▙▖        ▗▟ asks     how much stands up to each price      spread ──╮   imbalance ┈┈
     ▝▀▘  ▝▀▀           depth_picture                            touch_picture
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import dagster as dg

from ingest.warehouse.connection import Connection
from orchestration.preview.drawing import HEIGHT, Point, Scale, image, listed

SECONDS = 120
SHOWN_BPS = 50
"""How far from mid the depth is drawn."""
BUSIEST = """(select venue, symbol from marts.fct_book_top
              where received_at <= cast(current_timestamp as timestamp) and received_at >=
                  (select max(received_at) - interval '5 minutes' from marts.fct_book_top
                   where received_at <= cast(current_timestamp as timestamp))
              group by venue, symbol order by count(*) desc, venue, symbol limit 1)"""

FIGURES: Mapping[dg.AssetKey, str] = {
    dg.AssetKey(["marts", "fct_book_epochs"]): """
        select count(*) as epochs, count_if(end_reason = 'gap') as gaps,
            coalesce(sum(unknown_seconds), 0) as unknown_seconds
        from marts.fct_book_epochs""",
    dg.AssetKey(["marts", "fct_book_oracle"]): """
        select count(*) as compared, count_if(is_match) as matched,
            min(case when not is_match then sequence end) as first_mismatch_sequence
        from marts.fct_book_oracle""",
}
"""Numbers that the UI plots from build to build: one row of them."""


def figures(connection: Connection, key: dg.AssetKey) -> dict[str, dg.MetadataValue]:
    """By name; what is NULL is left out."""
    if key not in FIGURES:
        return {}
    found = connection.execute(FIGURES[key])
    names = [column[0] for column in found.description]
    return {
        name: dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(float(value))
        for name, value in zip(names, found.fetchone() or (), strict=False)
        if value is not None
    }


def depth_picture(connection: Connection) -> dg.MetadataValue | None:
    """How much is bid and asked up to each price: the last book of the busiest market."""
    rows = connection.execute(
        f"""with levels as (
                select venue || ' ' || symbol as market, side, price, quantity,
                    max(case when side = 'bid' then price end) over ()
                    + min(case when side = 'ask' then price end) over () as twice_mid
                from intermediate.int_book_levels_current where (venue, symbol) in {BUSIEST}
            )
            select market, side, cast(price as double), cast(quantity as double) from levels
            where abs(price * 2 - twice_mid) * 10000 <= twice_mid * {SHOWN_BPS} order by price"""
    ).fetchall()
    bids = [(price, quantity) for _, side, price, quantity in rows if side == "bid"][::-1]
    asks = [(price, quantity) for _, side, price, quantity in rows if side == "ask"]
    if not bids or not asks:
        return None
    sides = {"#3fa66a": _cumulated(bids), "#c23b3b": _cumulated(asks)}
    least = bids[-1][0]
    every = [(price - least, total) for points in sides.values() for price, total in points]
    across = [0.0, asks[-1][0] - least]
    scale = Scale(across, [0.0, *(total for _, total in every)], top=0, bottom=HEIGHT)
    shapes = []
    for colour, points in sides.items():
        steps = [(price - least, total) for price, total in _steps(points)]
        drawn = scale.points([x for x, _ in steps], [y for _, y in steps])
        shapes.append(f'<polygon points="{listed(drawn)}" fill="{colour}" fill-opacity="0.5"/>')
    title = f"{rows[0][0]}: bids and asks within {SHOWN_BPS} bps of {(bids[0][0] + asks[0][0]) / 2:g}"
    return image(shapes, title)


def touch_picture(connection: Connection) -> dg.MetadataValue | None:
    """Spread and imbalance at the best prices: the last two minutes of the busiest market."""
    rows = connection.execute(
        f"""select venue || ' ' || symbol as market, date_trunc('second', received_at) as second,
                cast(max_by(spread_bps, sequence) as double), cast(max_by(imbalance, sequence) as double)
            from marts.fct_book_top
            where (venue, symbol) in {BUSIEST} and spread_bps is not null
            group by 1, 2 order by second desc limit {SECONDS}"""
    ).fetchall()[::-1]
    if len(rows) < 2:
        return None
    markets, times, spreads, imbalances = zip(*rows, strict=True)
    across = [(time - times[0]).total_seconds() for time in times]
    spread = Scale(across, [0, *spreads], top=0, bottom=HEIGHT / 2 - 5)
    leaning = Scale(across, [-1, 1], top=HEIGHT / 2 + 5, bottom=HEIGHT)
    shapes = [
        f'<polyline points="{listed(spread.points(across, spreads))}" fill="none" stroke="#106ba3"/>',
        f'<polyline points="{listed(leaning.points(across, imbalances))}" fill="none" stroke="#d9822b"/>',
    ]
    span = f"{times[0]:%H:%M:%S} to {times[-1]:%H:%M:%S}"
    return image(shapes, f"{markets[0]}: spread up to {max(spreads):.3g} bps, imbalance from -1 to 1, {span}")


def _cumulated(levels: Sequence[Point]) -> list[Point]:
    """Best first: each price with all that stands up to it."""
    return list(zip((price for price, _ in levels), accumulate(q for _, q in levels), strict=True))


def _steps(points: Sequence[Point]) -> list[Point]:
    """Corners of the stairs, down to the ground at both ends."""
    corners = [(points[0][0], 0.0)]
    for price, total in points:
        corners += [(price, corners[-1][1]), (price, total)]
    return [*corners, (points[-1][0], 0.0)]
