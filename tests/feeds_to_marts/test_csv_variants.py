"""CSV files as spreadsheets, databases and pandas write them: what is read is what was written."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from ingest.core.errors import InputInvalid
from ingest.core.message import Message
from ingest.feeds.csv.layout import OHLCV, ohlcv_layout
from ingest.feeds.csv.playback import CsvPlayback, Destination
from ingest.feeds.csv.rows import CsvRows
from tests.dbt.log import as_record
from tests.dbt.trial import Trial

TO = Destination("replay.ohlcv", "csv", "BTCUSDT", "ohlcv_1m")
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
HEADER = ",".join(OHLCV)
GOOD = "1735689600000,1,2,0.5,1.5,3"

Bar = tuple[datetime, Decimal, Decimal, Decimal, Decimal, Decimal]

# The same number, and the same instant, as one file or another has it.
NUMBERS: list[Callable[[Decimal], str]] = [
    lambda number: f"{number:f}",
    lambda number: f"{number:,f}",
    lambda number: f"{number:e}",
    lambda number: f"{number:E}",
    lambda number: f"000{number:f}000" if "." in f"{number:f}" else f"000{number:f}",
    lambda number: f" {number:f} ",
]


def with_offset(hours: int, minutes: int, form: str) -> Callable[[datetime], str]:
    zone = timezone(timedelta(hours=hours, minutes=minutes))
    return lambda at: at.astimezone(zone).strftime(form)


TIMES: list[Callable[[datetime], str]] = [
    lambda at: str(int(at.timestamp())),
    lambda at: f"{int(at.timestamp())}.0",
    lambda at: str(int(at.timestamp()) * 1000),
    lambda at: str(int(at.timestamp()) * 10**6),
    lambda at: f"{at:%Y-%m-%d %H:%M}",
    lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC",
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
    with_offset(2, 0, "%Y-%m-%d %H:%M:%S%z"),
    with_offset(-5, -30, "%Y-%m-%dT%H:%M:%S.%f%z"),
    with_offset(14, 0, "%Y-%m-%d %H:%M %z"),
    lambda at: f"{at - timedelta(hours=3):%Y-%m-%d %H:%M:%S}-03",
    lambda at: f"{at + timedelta(hours=1):%Y-%m-%d %H:%M:%S}+01:00",
]


@dataclass(frozen=True)
class Dialect:
    """How a file is written: `newline`, `bom`, which cells are in quotes, more columns, in which order."""

    newline: str
    bom: bool
    quoting: Any
    columns: tuple[str, ...]
    is_last_ended: bool

    def file(self, rows: list[dict[str, str]]) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(
            text, self.columns, restval="", quoting=self.quoting, lineterminator=self.newline
        )
        writer.writeheader()
        writer.writerows(rows)
        written = text.getvalue() if self.is_last_ended else text.getvalue().removesuffix(self.newline)
        return written.encode("utf-8-sig" if self.bom else "utf-8")


DIALECTS = st.builds(
    Dialect,
    newline=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    columns=st.permutations([*OHLCV, "note"]).map(tuple),
    is_last_ended=st.booleans(),
)
PRICES = st.decimals(Decimal("0.00000001"), Decimal("9999999999"), places=8)


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    first, second, third, fourth = sorted(draw(PRICES) for _ in range(4))
    at = BEGAN + timedelta(minutes=draw(st.integers(0, 10**6)))
    return at, second, fourth, first, third, draw(PRICES)


@st.composite
def written_bars(draw: st.DrawFn) -> tuple[Bar, dict[str, str]]:
    """A bar, and a row of a file that says it, each cell in a form of its own."""
    at, *numbers = bar = draw(bars())
    row = {"datetime": draw(st.sampled_from(TIMES))(at)}
    for field, number in zip(OHLCV[1:], numbers, strict=True):
        row[field] = draw(st.sampled_from(NUMBERS))(number)
    row["note"] = draw(st.sampled_from(["", "a, b", 'say "x"', "two\nlines", "\\", "é"]))
    return bar, row


def replayed(file: Path) -> list[Message]:
    rows = CsvRows(file)
    return list(CsvPlayback(rows, ohlcv_layout(file, rows.columns, {}), TO, None).messages())


# Not shrunk: the row that differs is seen as it is, and each example runs dbt.
ANY = tried(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


def test_what_is_read_is_what_was_written(trial: Trial, tmp_path: Path) -> None:
    offsets = count()

    @ANY
    @given(DIALECTS, st.lists(written_bars(), min_size=1, max_size=30))
    def written_and_read(dialect: Dialect, drawn: list[tuple[Bar, dict[str, str]]]) -> None:
        file = tmp_path / "bars.csv"
        file.write_bytes(dialect.file([row for _, row in drawn]))
        found = staged(trial, replayed(file), offsets)
        assert found == [(at.replace(tzinfo=None), *numbers, None) for (at, *numbers), _ in drawn]

    written_and_read()


def staged(trial: Trial, messages: list[Message], offsets: "count[int]") -> list[tuple]:
    """What staging reads in them."""
    batch = trial.land("replay.ohlcv", [record(message, next(offsets)) for message in messages])
    trial.must_run("--select", "stg_replay__ohlcv")
    return trial.rows(
        f"""select event_at, open, high, low, close, volume, rejected_reason
            from staging.stg_replay__ohlcv where landed_batch_id = {batch} order by kafka_offset"""
    )


def record(message: Message, offset: int) -> dict[str, object]:
    headers = [
        {"name": name, "value": value.decode(), "value_bytes": None}
        for name, value in message.headers
        if value is not None
    ]
    published_at = datetime(2030, 1, 1, tzinfo=UTC)
    return {**as_record(message.payload, 0, offset, published_at), "headers": headers}


# What could mean two things.
REFUSED = {
    '2025-01-01,"1.234,5",2,0.5,1.5,3': "not_a_number",
    '2025-01-01,"12,34",20,0.5,1.5,3': "not_a_number",
    '2025-01-01,",123",200,0.5,1.5,3': "not_a_number",
    "2025-01-01,$1,2,0.5,1.5,3": "not_a_number",
    "2025-01-01,1 234,2000,0.5,1.5,3": "not_a_number",
    "2025-01-01 00:00:00+15:00,1,2,0.5,1.5,3": "bad_time",
    "2025-01-01 00:00:00+02:60,1,2,0.5,1.5,3": "bad_time",
    "2025-01-01 00:00:00 CET,1,2,0.5,1.5,3": "bad_time",
    "01/02/2025 00:00,1,2,0.5,1.5,3": "bad_time",
    "2025-01-01+02:00,1,2,0.5,1.5,3": "bad_time",
}


def test_what_is_refused_leads_to_its_line(trial: Trial, tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text("\n".join([HEADER, GOOD, "", *REFUSED]))
    messages = replayed(file)
    assert [row[-1] for row in staged(trial, messages, count())] == [None, *REFUSED.values()]
    places = [dict(message.headers)["file_line"] for message in messages]
    assert places == [b"bars.csv:%d" % line for line in (2, *range(4, 4 + len(REFUSED)))]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([HEADER, GOOD, "1735689660000,1,234.5,2,000.5,0.5,1.5,3"], r"line 3, has 8 values.*in quotes"),
        ([HEADER, GOOD, '1735689660000,"1"5,2,0.5,1.5,3'], r"line 3, cannot be read .*Is a quote missing"),
        ([HEADER, GOOD, '"2025,1,2,0.5,1.5,3', GOOD, GOOD], r"line 3, cannot be read .*unexpected end"),
        ([HEADER, GOOD, '"' + "9" * 200_000, GOOD], r"line 3, cannot be read .*field limit"),
        ([HEADER, GOOD, "9" * 2**20], r"line 3, has no end within a mebibyte"),
        (["9" * 2**20], r"line 1, has no end within a mebibyte"),
        ([HEADER.replace(",", ";"), GOOD.replace(",", ";")], r"line 1, is separated by semicolons\. Save"),
        ([HEADER.replace(",", "\t"), GOOD.replace(",", "\t")], r"line 1, is separated by tabs"),
    ],
)
def test_a_row_that_cannot_be_taken_apart_is_named_by_its_line(
    tmp_path: Path, lines: list[str], error: str
) -> None:
    file = tmp_path / "bars.csv"
    file.write_text("\r\n".join(lines), newline="")
    with pytest.raises(InputInvalid, match=rf"bars\.csv, {error}"):
        replayed(file)


def test_a_spreadsheet_of_utf_16_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(HEADER, encoding="utf-16")
    with pytest.raises(InputInvalid, match=r"is UTF-16\. Save it as UTF-8"):
        CsvRows(file)


def test_lines_are_counted_on_where_a_replay_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    note = '"two\nlines",'
    file.write_text("\n".join([f"note,{HEADER}", note + GOOD, note + GOOD, note + GOOD, note + "x" * 9]))
    rows = CsvRows(file)
    layout = ohlcv_layout(file, rows.columns, {})
    taken = CsvPlayback(rows, layout, TO, None)
    messages = taken.messages()
    begun = [next(messages), next(messages), next(messages)]
    resumed = list(CsvPlayback(CsvRows(file, taken.position), layout, TO, None).messages())
    places = [dict(message.headers)["file_line"] for message in [*begun, *resumed]]
    assert places == [b"bars.csv:%d" % line for line in (2, 4, 6, 6, 8)]
    assert json.loads(resumed[-1].payload or b"")["datetime"] == "x" * 9
