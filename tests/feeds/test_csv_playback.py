"""CSV files as they are found: columns, cells, paces, places; streamed, however long they are."""

import json
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.core.errors import InputInvalid
from ingest.core.message import Message
from ingest.feeds.csv.bookmark import Bookmark
from ingest.feeds.csv.layout import l2_layout, ohlcv_layout
from ingest.feeds.csv.playback import CsvPlayback, Destination, epoch_ns
from ingest.feeds.csv.rows import CsvRows
from tests.feeds.test_pacing import Clock
from tests.support.samples import CONTENT, SAMPLES, content

TO = Destination("replay.ohlcv", "csv", "BTCUSDT", "ohlcv_1m")
HEADER = "datetime,open,high,low,close,volume"
ROW = "1502942400000,4261.48,4261.49,4261.47,4261.48,1.775183"


def replay(
    file: Path, start_at: int = 0, speed: float | None = None, named: dict[str, str] | None = None
) -> CsvPlayback:
    rows = CsvRows(file, start_at)
    return CsvPlayback(rows, ohlcv_layout(file, rows.columns, named or {}), TO, speed)


def written(folder: Path, *lines: str, end: str = "\n") -> Path:
    file = folder / "bars.csv"
    file.write_bytes((end.join(lines) + end).encode())
    return file


def bodies(messages: list[Message]) -> list[dict[str, str]]:
    return [json.loads(message.payload or b"") for message in messages]


def test_a_row_keeps_its_text(tmp_path: Path) -> None:
    (message,) = replay(written(tmp_path, HEADER, ROW)).messages()
    assert message.payload == (
        b'{"datetime":"1502942400000","open":"4261.48","high":"4261.49","low":"4261.47","close":"4261.48",'
        b'"volume":"1.775183"}'
    )
    assert (message.topic, message.key) == ("replay.ohlcv", b"BTCUSDT")
    assert dict(message.headers)["channel"] == b"ohlcv_1m"
    assert set(dict(message.headers)) == {"venue", "symbol", "channel", "received_at", "file_line"}


@pytest.mark.parametrize(
    ("header", "row", "named"),
    [
        ("Date,Open,High,Low,Close,Volume", "t,1,2,3,4,5", {}),
        ("\ufeffTimestamp,open,high,low,close,volume", "t,1,2,3,4,5", {}),
        ("n,volume,close,low,high,open,datetime,more", "0,5,4,3,2,1,t,x", {}),
        ("unix,symbol,O,high,low,close,Volume BTC", "t,x,1,2,3,4,5", {"open": "o", "volume": "Volume BTC"}),
        ('datetime,"open",high,low,close,volume', 't,"1",2,3,4,5', {}),
    ],
)
def test_columns_are_found_by_name(tmp_path: Path, header: str, row: str, named: dict[str, str]) -> None:
    found = bodies(list(replay(written(tmp_path, header, row, end="\r\n"), named=named).messages()))
    assert found == [{"datetime": "t", "open": "1", "high": "2", "low": "3", "close": "4", "volume": "5"}]


def test_a_file_without_a_column_is_refused_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match=r"no column 'volume'; it has datetime, .*--column volume=<name>"):
        replay(written(tmp_path, "datetime,open,high,low,close,amount", "1,2,3,4,5,6"))
    with pytest.raises(InputInvalid, match="no column 'system_time'"):
        l2_layout(tmp_path, ["datetime"])


def test_odd_cells_and_short_rows_become_json_all_the_same(tmp_path: Path) -> None:
    odd = 'say ""hi"" \\ \t é'
    file = written(tmp_path, HEADER, f'"{odd}",1,2,3,4,5', "t,1,2", "", ROW)
    first, short, last = bodies(list(replay(file).messages()))
    assert first["datetime"] == 'say "hi" \\ \t é'
    assert short == {"datetime": "t", "open": "1", "high": "2", "low": "", "close": "", "volume": ""}
    assert last["volume"] == "1.775183"


def test_it_goes_on_where_it_was_left(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER, *(f"{n},1,1,1,1,1" for n in range(10)))
    first = replay(file)
    messages = first.messages()
    taken = [next(messages) for _ in range(5)]
    # The fifth was handed over, but nobody has asked for the sixth: it may not have been published.
    rest = list(replay(file, first.position).messages())
    assert [body["datetime"] for body in bodies(taken)] == ["0", "1", "2", "3", "4"]
    assert [body["datetime"] for body in bodies(rest)] == ["4", "5", "6", "7", "8", "9"]
    list(messages)
    assert list(replay(file, first.position).messages()) == []


def test_a_bookmark_is_of_one_file_and_symbol(tmp_path: Path) -> None:
    file = written(tmp_path, HEADER, ROW)
    mark = Bookmark(tmp_path / "replays", file, "replay.ohlcv", "A")
    assert mark.read() == 0
    mark.write(40)
    assert Bookmark(tmp_path / "replays", file, "replay.ohlcv", "A").read() == 40
    assert Bookmark(tmp_path / "replays", file, "replay.ohlcv", "B").read() == 0
    file.write_text(HEADER)
    with pytest.raises(InputInvalid, match="without --resume"):
        mark.read()


def test_pauses_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    times = ("2017-08-17 04:00:00", "2017-08-17 04:01:00", "unreadable", "2017-08-17 04:03:00")
    file = written(tmp_path, HEADER, *(f"{at},1,1,1,1,1" for at in times))
    assert len(list(replay(file, speed=60.0).messages())) == 4
    assert clock.now - 1_000 == pytest.approx(3.0)


@pytest.mark.parametrize(
    "text",
    [
        "1502942400",
        "1502942400000",
        "1502942400000000",
        "2017-08-17 04:00:00",
        "2017-08-17T04:00:00Z",
        "2017-08-17 04:00:00.000000+00:00",
        "2017-08-17 04:00:00 UTC",
    ],
)
def test_times_are_epochs_or_text(text: str) -> None:
    assert epoch_ns(text) == int(datetime(2017, 8, 17, 4, tzinfo=UTC).timestamp()) * 10**9


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        file = written(tmp_path, HEADER, *[ROW] * rows)
        tracemalloc.start()
        assert sum(1 for _ in replay(file).messages()) == rows
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(20_000) < peak(1_000) + 20_000


@pytest.mark.parametrize("name", CONTENT)
def test_the_committed_samples_are_those_that_are_generated(name: str) -> None:
    assert (SAMPLES / name).read_text() == content(name)
