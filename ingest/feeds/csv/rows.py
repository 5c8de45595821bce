"""A CSV file as a stream of rows, which knows how far it has come. Memory does not grow with the file."""

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ingest.core.errors import InputInvalid

LONGEST_LINE = 2**20
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class CsvRows:
    """Iterate it once. `start_at`: a `position` of an earlier time."""

    def __init__(self, path: Path, start_at: int = 0) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                header = file.readline(LONGEST_LINE)
                self.position = max(start_at, len(header))
                """In bytes: where the row after the last one begins."""
                self._lines_before = 1 + _line_ends(file, self.position - len(header))
            self.size = path.stat().st_size
        except OSError as error:
            raise InputInvalid(f"Cannot read {path}: {error.strerror}.") from error
        self.columns = _columns(path, header)
        self.line = 1
        """The file's line in which the last row begins."""
        self.is_plain = True
        """Whether the last row can stand in JSON as it is."""

    @property
    def place(self) -> str:
        """The last row's: `bars.csv:7`."""
        return f"{self._path.name}:{self.line}"

    def __iter__(self) -> Iterator[list[str]]:
        # Strict: what follows a closing quote, and a quote that never closes, are errors instead of text.
        rows = csv.reader(self._lines(), skipinitialspace=True, strict=True)
        width = len(self.columns)
        while True:
            self.line = self._lines_before + rows.line_num + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                raise self._broken(
                    f"cannot be read ({error}). Is a quote missing, or not doubled?"
                ) from error
            if row is None:
                return
            if len(row) > width and any(row[width:]):
                raise self._broken(
                    f"has {len(row)} values, the first line {width} names. A number with thousands "
                    f'separators must be in quotes: "1,234.5".'
                )
            if row:
                yield row

    def _lines(self) -> Iterator[str]:
        with self._path.open("rb") as file:
            file.seek(self.position)
            while line := file.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE:
                    raise self._broken("has no end within a mebibyte.")
                self.position += len(line)
                text = line.decode(errors="replace")
                bare = text.rstrip("\r\n")
                self.is_plain = '"' not in bare and "\\" not in bare and bare.isprintable()
                yield text

    def _broken(self, what: str) -> InputInvalid:
        return InputInvalid(
            f"{self._path}, line {self.line}, {what} What stands before it is published; mend the line and "
            "publish it all again: rows that come twice count once."
        )


def _columns(path: Path, header: bytes) -> list[str]:
    if header.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise InputInvalid(f"{path} is UTF-16. Save it as UTF-8.")
    if len(header) == LONGEST_LINE:
        raise InputInvalid(f"{path}, line 1, has no end within a mebibyte. Is it a CSV file?")
    names = next(csv.reader([header.decode("utf-8-sig", errors="replace")], skipinitialspace=True), [])
    for separator, word in OTHER_SEPARATORS.items():
        if len(names) == 1 and separator in names[0]:
            raise InputInvalid(f"{path}, line 1, is separated by {word}. Save it separated by commas.")
    return names


def _line_ends(file: BinaryIO, length: int) -> int:
    """In the next so many bytes."""
    count = 0
    while length > 0 and (piece := file.read(min(length, LONGEST_LINE))):
        count += piece.count(b"\n")
        length -= len(piece)
    return count
