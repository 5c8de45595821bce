"""CSV files go through Kafka to staging: each row once, its cells as they were."""

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingest.cli.publish.samples import BARS, BOOKS
from tests.dbt.feeds import START
from tests.dbt.log import as_record
from tests.dbt.trial import Trial
from tests.feeds_to_marts.pipeline import Pipeline
from tests.support.samples import SAMPLES

HEADER = "datetime,open,high,low,close,volume"


def rows_of(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open() as file:
        return list(csv.DictReader(file))


def time_of(text: str) -> datetime:
    if text.isdigit():
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))).replace(tzinfo=None)
    return datetime.fromisoformat(text).replace(tzinfo=None)


def bar(row: dict[str, str]) -> tuple[Any, ...]:
    fields = ("open", "high", "low", "close", "volume")
    return time_of(row["datetime"]), *(Decimal(row[field]) for field in fields)


def test_the_samples_are_in_staging_as_the_files_have_them(pipeline: Pipeline) -> None:
    done = pipeline.tickhouse("publish", "samples", "--speed", "max")
    assert "570 messages" in done.stdout, done.output
    pipeline.land()
    pipeline.build("+fct_rejected_records", "stg_replay__second_levels")
    assert pipeline.rows("select * from marts.fct_rejected_records") == []
    for name, symbol in BARS.items():
        found = pipeline.rows(
            f"""select event_at, open, high, low, close, volume from staging.stg_replay__ohlcv
                where symbol = '{symbol}' and bar_interval = '1m' order by event_at"""
        )
        assert found == [bar(row) for row in rows_of(name)]
    assert_levels_of_the_files(pipeline, "staging.stg_replay__second_levels")


def test_a_book_that_was_replayed_twice_stands_once(pipeline: Pipeline) -> None:
    for _ in range(2):
        pipeline.tickhouse("publish", "samples", "--speed", "max")
        pipeline.land()
        pipeline.build("+fct_lob_levels_1s")
    assert_levels_of_the_files(pipeline, "marts.fct_lob_levels_1s")
    assert pipeline.rows(
        "select max(abs(quantity * price / notional - 1)) < 1e-9 from marts.fct_lob_levels_1s"
    )[0] == (True,)


def assert_levels_of_the_files(pipeline: Pipeline, table: str) -> None:
    for name, symbol in BOOKS.items():
        found = pipeline.rows(
            f"""select event_at, side, level_index, distance, notional, price
                from {table} where symbol = '{symbol}' order by event_at, side desc, level_index"""
        )
        assert found == [level for row in rows_of(name) for level in levels(row)]


def levels(row: dict[str, str]) -> list[tuple[Any, ...]]:
    mid, at = float(row["midpoint"]), time_of(row["system_time"])
    return [
        (at, side, level, distance, float(row[f"{side}s_notional_{level}"]), mid * (1 + distance))
        for side in ("bid", "ask")
        for level in range(15)
        for distance in [float(row[f"{side}s_distance_{level}"])]
    ]


def test_resume_goes_on_where_a_replay_stopped(pipeline: Pipeline, tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(
        "\n".join([HEADER, *(f"{1735689600000 + n * 60_000},1,1,1,1,0" for n in range(50))]) + "\n"
    )
    ask = ("publish", "ohlcv", str(file), "--symbol", "BTCUSDT", "--resume")
    assert "50 messages" in pipeline.tickhouse(*ask).stdout
    assert "0 messages" in pipeline.tickhouse(*ask).stdout
    with file.open("a") as more:
        more.write("1735700000000,1,1,1,1,0\n")
    assert "1 messages" in pipeline.tickhouse(*ask).stdout
    assert "51 messages" in pipeline.tickhouse(*ask[:-1]).stdout


BAR_CASES: list[tuple[str, str | None]] = [
    ("1735689600000,1,2,0.5,1.5,3", None),
    ("1735689600,1,2,0.5,1.5,0", None),
    ("2025-01-01T00:00:00Z,1,2,0.5,1.5,3", None),
    ("2025-01-01 00:00,1,2,0.5,1.5,3", None),
    ("2025-01-01 00:00:00+02:00,1,2,0.5,1.5,3", None),
    ("2025-13-01 00:00:00,1,2,0.5,1.5,3", "bad_time"),
    ("yesterday,1,2,0.5,1.5,3", "bad_time"),
    ("1735689600000,1,2,0.5,1.5", "missing_field"),
    ("1735689600000,,2,0.5,1.5,3", "missing_field"),
    ("1735689600000,x,2,0.5,1.5,3", "not_a_number"),
    ("1735689600000,1,2,0.5,1.5,1.12345678901", "loses_digits"),
    ("1735689600000,1,2,0.5,1.5,-3", "not_positive"),
    ("1735689600000,1,2,0,1.5,3", "not_positive"),
    ("1735689600000,1,1.2,0.5,1.5,3", "bad_bar"),
    ("1735689600000,1,2,1.1,1.5,3", "bad_bar"),
]


def test_what_a_bar_may_be(trial: Trial) -> None:
    names = HEADER.split(",")
    headers = {"symbol": "BTCUSDT", "channel": "ohlcv_1m", "venue": "csv"}
    records = [
        {
            **as_record(
                json.dumps(dict(zip(names, row.split(","), strict=False))).encode(), 0, number, START
            ),
            "headers": [{"name": key, "value": value, "value_bytes": None} for key, value in headers.items()],
        }
        for number, (row, _) in enumerate(BAR_CASES)
    ]
    trial.land("replay.ohlcv", records)
    trial.must_run("--select", "stg_replay__ohlcv")
    found = trial.rows("select rejected_reason from staging.stg_replay__ohlcv order by kafka_offset")
    assert [reason for (reason,) in found] == [reason for _, reason in BAR_CASES]


def test_what_a_book_may_be(trial: Trial) -> None:
    side = [["-1e-05", "5.2", "0.0", "1", "2"]]
    book = {"system_time": "2021-04-07 11:32:42+00:00", "midpoint": "2", "spread": "0.1", "buys": "0"}
    book = {**book, "sells": "0", "bids": side, "asks": side}
    cases: list[tuple[dict[str, object], str | None]] = [
        (book, None),
        ({**book, "midpoint": "x"}, "not_a_number"),
        ({**book, "sells": "inf"}, "not_a_number"),
        ({**book, "midpoint": "0"}, "not_positive"),
        ({**book, "system_time": ""}, "missing_field"),
        ({**book, "system_time": "noon"}, "bad_time"),
        ({**book, "bids": [["-1e-05", "nan", "0", "1", "2"]]}, "bad_levels"),
        ({**book, "asks": [["-1e-05", "", "0", "1", "2"]]}, "bad_levels"),
        ({**book, "asks": "none"}, "bad_levels"),
    ]
    records = [as_record(_json(body), 0, number, START) for number, (body, _) in enumerate(cases)]
    trial.land("replay.second_books", records)
    trial.must_run("--select", "stg_replay__second_books", "stg_replay__second_levels")
    found = trial.rows("select rejected_reason from staging.stg_replay__second_books order by kafka_offset")
    assert [reason for (reason,) in found] == [reason for _, reason in cases]
    assert trial.rows("select count(*) from staging.stg_replay__second_levels") == [(2,)]


def _json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body).encode()
