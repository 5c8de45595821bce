"""The logs of a home: where each part writes its own, their last lines, and those that are still to come."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest.core.settings import Settings

TAIL_BYTES = 256 * 1024
LOOK_SECONDS = 0.2


def log_files(settings: Settings) -> dict[str, Path]:
    """By part, as `tickhouse up` names them; not all of them need be there."""
    ours = settings.tickhouse_home / "logs"
    names = ("up", "console", "feed", "table-loader", "code-server", "webserver", "daemon")
    return {name: ours / f"{name}.log" for name in names} | {
        "broker": settings.kafka_home / "logs" / "broker.log",
        "connect": settings.connect_home / "logs" / "connect.log",
        "postgres": settings.postgres_home / "postgres.log",
        "redis": settings.redis_home / "redis.log",
    }


def last_lines(path: Path, count: int) -> list[str]:
    """Fewer if the file, or its last quarter of a megabyte, has no more."""
    if not path.exists():
        return []
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = log.read().decode(errors="replace").splitlines()
    return lines[-count:] if count else []


def follow(logs: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Part and line, as they are written from now on, for ever; also of a log that is begun anew."""
    return _lines_of({name: _Tail(path) for name, path in logs.items()})


def _lines_of(tails: "Mapping[str, _Tail]") -> Iterator[tuple[str, str]]:
    while True:
        has_news = False
        for name, tail in tails.items():
            for line in tail.new_lines():
                has_news = True
                yield name, line
        if not has_news:
            time.sleep(LOOK_SECONDS)


@dataclass(slots=True)
class _Tail:
    """A file from its present end on."""

    path: Path
    _inode: int = field(init=False)
    _at: int = field(init=False)
    _unfinished: bytes = b""

    def __post_init__(self) -> None:
        self._inode, self._at = self._state()

    def new_lines(self) -> list[str]:
        inode, size = self._state()
        if inode != self._inode or size < self._at:
            self._inode, self._at, self._unfinished = inode, 0, b""
        if size == self._at:
            return []
        with self.path.open("rb") as log:
            log.seek(self._at)
            written = log.read()
        self._at += len(written)
        *lines, self._unfinished = (self._unfinished + written).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def _state(self) -> tuple[int, int]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_size
