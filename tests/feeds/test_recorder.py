"""What is recorded is played again the same: bytes, times, addresses."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

from ingest.core.message import Message, feed_headers
from ingest.feeds.binance.addresses import captured
from ingest.feeds.recorder import FLUSH_SECONDS, Recorder
from ingest.feeds.recording import RecordingPlayback, read_frames
from ingest.feeds.transport.events import feed_event
from tests.feeds_to_marts.captures import as_lines, simulated_messages, write_capture

BEGAN = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def played(path: Path) -> list[Message]:
    return list(RecordingPlayback(path, captured("binance", "BTCUSDT"), None).messages())


def test_a_recording_of_a_feed_is_the_feed(tmp_path: Path) -> None:
    feed = played(write_capture(tmp_path / "feed.gz", as_lines(simulated_messages(500))))
    with Recorder(tmp_path / "here", BEGAN) as recorder:
        for message in feed:
            assert recorder.write(message)
    assert recorder.paths == [tmp_path / "here" / "binance_btcusdt_20260301T120030.gz"]
    assert played(recorder.paths[0]) == feed


def test_each_symbol_has_a_file_of_its_own_and_notes_have_none(tmp_path: Path) -> None:
    with Recorder(tmp_path, BEGAN) as recorder:
        for symbol in ("A", "B", "A"):
            headers = feed_headers("binance", symbol, "trade", 1)
            recorder.write(Message("binance.trades", symbol.encode(), b"{}", headers))
        assert not recorder.write(feed_event("binance", "connected", "binance/0"))
    assert [len(list(read_frames(path))) for path in recorder.paths] == [2, 1]


def test_a_line_break_in_a_payload_does_not_end_its_line(tmp_path: Path) -> None:
    pretty = json.dumps({"lastUpdateId": 1}, indent=1).replace("\n", "\r\n").encode()
    with Recorder(tmp_path, BEGAN) as recorder:
        headers = feed_headers("binance", "A", "depth_snapshot", 5)
        recorder.write(Message("binance.depth", b"A", pretty, headers))
    (frame,) = read_frames(recorder.paths[0])
    assert json.loads(frame.payload) == {"lastUpdateId": 1}


def test_a_killed_recorder_leaves_what_it_had_flushed(tmp_path: Path) -> None:
    now = [0.0]
    recorder = Recorder(tmp_path, BEGAN, lambda: now[0])
    recorder.__enter__()
    headers = feed_headers("binance", "A", "trade", 5)
    recorder.write(Message("binance.trades", b"A", b"1", headers))
    now[0] = FLUSH_SECONDS
    recorder.write(Message("binance.trades", b"A", b"2", headers))
    left = tmp_path / "left.gz"
    left.write_bytes(recorder.paths[0].read_bytes())
    recorder.__exit__()
    assert [frame.payload for frame in read_frames(left)] == [b"1", b"2"]
    assert gzip.decompress(recorder.paths[0].read_bytes()) == b"5 1\n5 2\n"
