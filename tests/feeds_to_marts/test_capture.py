"""A capture file goes through Kafka to staging: each line once, with its own bytes, times and meaning."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.feeds_to_marts.captures import as_lines, payload_of, simulated_messages, write_capture
from tests.feeds_to_marts.pipeline import Pipeline
from tests.support.captures import FUTURES, SPOT, Recording, needs_captures, path_of

RAW = """select received_at, headers, payload from raw.binance_trades
         union all select received_at, headers, payload from raw.binance_depth
         union all select received_at, headers, payload from raw.binance_book_tickers"""


@pytest.mark.parametrize("name", ["capture.gz", "capture.txt"])
def test_every_line_lands_with_its_own_bytes_and_times(pipeline: Pipeline, tmp_path: Path, name: str) -> None:
    lines = as_lines(simulated_messages(2_000))
    file = write_capture(tmp_path / name, lines)
    done = pipeline.tickhouse("publish", "capture", str(file), "--venue", "binance", "--symbol", "btcusdt")
    assert done.exit_code == 0, done.output
    assert "2000 messages" in done.stdout
    pipeline.land()
    found = [
        ({header["name"]: header["value"] for header in headers}["received_at"], payload)
        for _, headers, payload in pipeline.rows(RAW)
    ]
    assert sorted(found) == sorted(tuple(line.decode().split(" ", 1)) for line in lines)


def test_it_is_decoded_as_a_live_feed_is(pipeline: Pipeline, tmp_path: Path) -> None:
    lines = as_lines(simulated_messages(2_000))
    file = write_capture(tmp_path / "capture.gz", lines)
    pipeline.tickhouse("publish", "capture", str(file), "--venue", "binance", "--symbol", "BTCUSDT")
    pipeline.land()
    pipeline.build("+fct_rejected_records")
    trades = [body for line in lines if (body := payload_of(line)).get("e") == "trade"]
    assert pipeline.rows("select symbol, trade_id, price from staging.stg_binance__trades order by 2") == [
        ("BTCUSDT", trade["t"], Decimal(str(trade["p"]))) for trade in trades
    ]
    snapshots = [body["lastUpdateId"] for line in lines if "lastUpdateId" in (body := payload_of(line))]
    assert snapshots
    assert pipeline.rows(
        "select symbol, last_update_id from staging.stg_binance__depth_messages where kind = 'snapshot'"
    ) == [("BTCUSDT", number) for number in snapshots]
    assert pipeline.rows("select * from marts.fct_rejected_records") == []


def test_futures_are_a_venue_of_their_own(pipeline: Pipeline, tmp_path: Path) -> None:
    lines = as_lines(simulated_messages(200))
    file = write_capture(tmp_path / "capture.gz", lines)
    for venue in ("binance", "binance_usdm"):
        done = pipeline.tickhouse("publish", "capture", str(file), "--venue", venue, "--symbol", "BTCUSDT")
        assert done.exit_code == 0, done.output
    pipeline.land()
    pipeline.build("+fct_trades")
    counts = pipeline.rows("select venue, count(*) from marts.fct_trades group by all order by all")
    trades = sum(payload_of(line).get("e") == "trade" for line in lines)
    assert counts == [("binance", trades), ("binance_usdm", trades)]


@pytest.mark.slow
@needs_captures
@pytest.mark.parametrize(
    ("recording", "venue", "counts"),
    [
        (SPOT, "binance", (9757, 28040, 3452)),
        (FUTURES, "binance_usdm", (21313, 66089, 6552)),
    ],
)
def test_real_recordings(
    pipeline: Pipeline, recording: Recording, venue: str, counts: tuple[int, int, int]
) -> None:
    file = str(path_of(recording))
    done = pipeline.tickhouse("publish", "capture", file, "--venue", venue, "--symbol", "BTCUSDT")
    assert f"{sum(counts)} messages" in done.stdout
    pipeline.land()
    pipeline.build("+fct_rejected_records")
    found = pipeline.rows(
        """select (select count(*) from staging.stg_binance__trades),
               (select count(*) from staging.stg_binance__book_tickers),
               (select count(*) from staging.stg_binance__depth_messages)"""
    )
    assert found == [counts]
    assert pipeline.rows("select * from marts.fct_rejected_records") == []
    assert pipeline.rows("select distinct venue, symbol from marts.fct_trades") == [(venue, "BTCUSDT")]
