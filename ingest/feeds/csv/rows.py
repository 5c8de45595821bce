"""A CSV file as a stream of rows, which knows how far it has come. Memory does not grow with the file."""

import csv
from collections.abc import Iterator
from pathlib import Path

from ingest.core.errors import InputInvalid


class CsvRows:
    """Iterate it once. `start_at`: a `position` of an earlier time."""

    def __init__(self, path: Path, start_at: int = 0) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                header = file.readline()
            self.size = path.stat().st_size
        except OSError as error:
            raise InputInvalid(f"Cannot read {path}: {error.strerror}.") from error
        self.columns = next(csv.reader([header.decode("utf-8-sig", errors="replace")]), [])
        self.position = max(start_at, len(header))
        """In bytes: where the row after the last one begins."""
        self.is_plain = True
        """Whether the last row can stand in JSON as it is."""

    def __iter__(self) -> Iterator[list[str]]:
        return filter(None, csv.reader(self._lines()))

    def _lines(self) -> Iterator[str]:
        with self._path.open("rb") as file:
            file.seek(self.position)
            for line in file:
                self.position += len(line)
                text = line.decode(errors="replace")
                bare = text.rstrip("\r\n")
                self.is_plain = '"' not in bare and "\\" not in bare and bare.isprintable()
                yield text
