"""Capture files as they are found: plain, packed, cut off, damaged; and at what pace they are played."""

import gzip
import logging
import time
from pathlib import Path

import pytest

from ingest.core.errors import InputInvalid
from ingest.core.message import Message
from ingest.feeds.binance.addresses import captured
from ingest.feeds.frame import Frame
from ingest.feeds.recording import RecordingPlayback, read_frames
from tests.feeds.test_pacing import Clock

LINES = [b'%d {"stream":"btcusdt@trade","data":{"t":%d}}' % (10**18 + n * 10**9, n) for n in range(3)]


def message(payload: bytes, symbol: str = "BTCUSDT") -> Message | None:
    return captured("binance", symbol)(Frame(5, payload))


def test_a_line_may_end_as_windows_ends_it(tmp_path: Path) -> None:
    file = tmp_path / "capture"
    file.write_bytes(b"\r\n".join(LINES) + b"\r\n")
    assert [frame.payload for frame in read_frames(file)] == [line.split(b" ", 1)[1] for line in LINES]


def test_a_packed_file_is_known_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "capture.txt"
    file.write_bytes(gzip.compress(b"\n".join(LINES)))
    assert len(list(read_frames(file))) == 3


def test_of_a_recording_that_was_cut_off_the_whole_lines_are_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "capture.gz"
    with gzip.open(file, "wb") as writer:
        writer.write(b"\n".join(LINES) + b"\n")
        writer.flush()
    file.write_bytes(file.read_bytes()[:-12])
    with caplog.at_level(logging.WARNING):
        assert len(list(read_frames(file))) == 3
    assert "ends in the middle" in caplog.text


@pytest.mark.parametrize("line", [b"", b"{}", b"x {}", b"12", b"12 ", b"-1 {}"])
def test_what_is_no_capture_is_refused_with_its_line(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "capture"
    file.write_bytes(b"\n".join([*LINES, line, *LINES]))
    frames = read_frames(file)
    assert [next(frames).received_ns for _ in LINES] == [10**18, 10**18 + 10**9, 10**18 + 2 * 10**9]
    with pytest.raises(InputInvalid, match=f"Line 4 of {file}"):
        next(frames)


def test_an_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="No such file"):
        list(read_frames(tmp_path / "none"))


@pytest.mark.parametrize(
    ("stream", "topic", "channel"),
    [
        ("btcusdt@trade", "binance.trades", "trade"),
        ("btcusdt@depth@100ms", "binance.depth", "depth"),
        ("btcusdt@depth@0ms", "binance.depth", "depth"),
        ("btcusdt@bookTicker", "binance.book_tickers", "book_ticker"),
    ],
)
def test_a_stream_has_its_topic(stream: str, topic: str, channel: str) -> None:
    payload = b'{"stream":"%b","data":{' % stream.encode()
    found = message(payload, symbol="ETHUSDT")
    assert found is not None
    assert (found.topic, found.key, found.payload) == (topic, b"BTCUSDT", payload)
    assert dict(found.headers) == {
        "venue": b"binance",
        "symbol": b"BTCUSDT",
        "channel": channel.encode(),
        "received_at": b"5",
    }


def test_a_snapshot_is_of_the_symbol_that_was_asked_for() -> None:
    found = message(b'{"lastUpdateId":7,"bids":[],"asks":[]}', symbol="ETHUSDT")
    assert found is not None
    assert (found.topic, found.key) == ("binance.depth", b"ETHUSDT")
    assert dict(found.headers)["channel"] == b"depth_snapshot"


@pytest.mark.parametrize(
    "payload",
    [b'{"result":null,"id":1}', b'{"stream":"btcusdt@unheard","data":{}}', b'{"stream":"', b"", b"\xff"],
)
def test_what_belongs_to_no_topic_is_counted(tmp_path: Path, payload: bytes) -> None:
    assert message(payload) is None
    if payload:
        file = tmp_path / "capture"
        file.write_bytes(b"\n".join([*LINES, b"1 " + payload]))
        replay = RecordingPlayback(file, captured("binance", "BTCUSDT"), None)
        assert (len(list(replay.messages())), replay.unaddressed) == (3, 1)


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 2.0), (10.0, 0.2), (0.5, 4.0), (None, 0.0)])
def test_pauses_are_those_of_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speed: float | None, seconds: float
) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    file = tmp_path / "capture"
    file.write_bytes(b"\n".join(LINES))
    assert len(list(RecordingPlayback(file, captured("binance", "BTCUSDT"), speed).messages())) == 3
    assert clock.now - 1_000 == pytest.approx(seconds)


@pytest.mark.parametrize("step_ms", [500, 2_000])
def test_a_clock_that_stepped_back_while_recording_is_no_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_ms: int
) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    file = tmp_path / "capture"
    times_ms = (10**12, 10**12 - step_ms, 10**12 - step_ms + 1_000)
    file.write_bytes(b"\n".join(b'%d000000 {"stream":"btcusdt@trade","data":{}}' % ms for ms in times_ms))
    list(RecordingPlayback(file, captured("binance", "BTCUSDT"), 1.0).messages())
    assert clock.now - 1_000 == pytest.approx(1.0)
