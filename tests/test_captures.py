"""`make captures`: byte for byte what is known, or nothing."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.captures import ALL, Recording, fetch, needs_captures, path_of


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    source = tmp_path / "source"
    source.write_bytes(b"1723161600000000000 {}\n")
    return Recording("spot.gz", source.as_uri(), hashlib.sha256(source.read_bytes()).hexdigest())


def test_what_is_there_is_not_fetched_again(recording: Recording, tmp_path: Path) -> None:
    fetch(tmp_path / "captures", [recording])
    assert (tmp_path / "captures" / "spot.gz").read_bytes() == b"1723161600000000000 {}\n"
    fetch(tmp_path / "captures", [replace(recording, url="file:///nowhere")])


def test_other_bytes_are_not_kept(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not what it was"):
        fetch(tmp_path / "captures", [replace(recording, sha256="0" * 64)])
    assert list((tmp_path / "captures").iterdir()) == []


@pytest.mark.parametrize("known", ALL, ids=lambda known: known.name)
@needs_captures
def test_what_is_on_this_machine_is_what_is_known(known: Recording) -> None:
    assert hashlib.sha256(path_of(known).read_bytes()).hexdigest() == known.sha256
