"""One question is answered by every feed: trades, bars of files, ticks."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tests.dbt.feeds import START
from tests.dbt.log import Record, as_record
from tests.dbt.test_trends import minute_bars
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import Project, open_trial


def tick_records(quotes: list[tuple[int, str, str]]) -> list[Record]:
    """Ticks so many seconds after the start, with their bid and ask; the number is the place in the list."""
    records = []
    for number, (seconds, bid, ask) in enumerate(quotes):
        at = START + timedelta(seconds=seconds)
        told = f"{at:%Y-%m-%dT%H:%M:%S}Z"
        tick = {"symbol": "BRENT", "event_time": told, "received_time": told, "sequence_id": number}
        tick |= {"bid_price": bid, "bid_volume": 3, "ask_price": ask, "ask_volume": 4}
        payload = json.dumps(tick).encode()
        records.append(as_record(payload, 0, number, at, symbol="BRENT", venue="simulated"))
    return records


def test_trades_bars_and_ticks_answer_the_same_question(project: Project, tmp_path: Path) -> None:
    with open_trial(project, tmp_path) as trial:
        land(trial, [binance_trade("BTCUSDT", 1, f"{START:%Y-%m-%d %H:%M:%S}", "100", "2")])
        trial.land("replay.ohlcv", minute_bars([7]))
        # The last one of the first minute is not the highest, and came before one of the same second.
        quotes = [(1, "70", "70.2"), (9, "72", "72.2"), (9, "71", "71.4"), (60, "60", "60.0000000001")]
        trial.land("simulated.ticks", tick_records(quotes))
        trial.must_run("--select", "+fct_bars_1m", "+fct_ticks")
        found = trial.rows(
            """select made_from, symbol, open, high, low, close, volume, vwap, trade_count
            from marts.fct_bars_1m order by made_from, window_start_at"""
        )
        first = [Decimal(price) for price in ("70.1", "72.1", "70.1", "71.2")]
        half = Decimal("60.0000000001")  # rounded half up at ten decimals
        assert found == [
            ("bars", "BTCUSD", *map(Decimal, (7, 8, 6, 7)), Decimal(1), None, None),
            ("ticks", "BRENT", *first, None, None, None),
            ("ticks", "BRENT", half, half, half, half, None, None, None),
            ("trades", "BTCUSDT", *[Decimal(100)] * 4, Decimal(2), 100.0, 1),
        ]
        ticks = trial.rows("select bid_quantity, spread, round(spread_bps, 3) from marts.fct_ticks limit 1")
        assert ticks == [(Decimal(3), Decimal("0.2"), 28.531)]
