"""A Kafka message as text, which steers no terminal: for people, as a line of JSON, or as a row of CSV."""

import csv
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from ingest.cli.json_text import broken_json
from ingest.cli.output import Format
from ingest.core.visible import visible, visible_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.kafka.peek import Peeked

SHOWN_LINES = 40
MARGIN = "  "
COLUMNS = ("topic", "partition", "offset", "timestamp", "key", "headers", "payload")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def writer(form: Format) -> "Callable[[str, Peeked], None]":
    """What prints one message of a topic."""
    if form is Format.JSON:
        return lambda topic, one: typer.echo(visible_json(json.dumps(fields(topic, one), ensure_ascii=False)))
    if form is Format.CSV:
        rows = csv.writer(sys.stdout)
        rows.writerow(COLUMNS)
        return lambda topic, one: rows.writerow(_cells(topic, one))
    return lambda topic, one: typer.echo(for_people(topic, one, shutil.get_terminal_size().columns))


def for_people(topic: str, one: "Peeked", width: int) -> str:
    """A line of where it is, its headers, and the payload: JSON in lines that fit."""
    where = f"{topic} [{one.partition}] {one.offset}  {timestamp_of(one) or 'no time'} UTC"
    key = "" if one.key is None else f"  key {_text(one.key)}"
    headers = " ".join(f"{visible(name)}={_text(value)}" for name, value in one.headers)
    lines = _payload_lines(one.value, width - len(MARGIN))
    if len(lines) > SHOWN_LINES:
        more = len(lines) - SHOWN_LINES
        lines = [*lines[:SHOWN_LINES], f"… and {more} lines more: --format json has them."]
    told = [*([headers] if headers else []), *lines]
    return "\n".join([typer.style(where + key, bold=True), *(MARGIN + line for line in told), ""])


def fields(topic: str, one: "Peeked") -> dict[str, object]:
    """For scripts: what is not UTF-8 is in `…_hex`, and the text beside it null."""
    return {
        "topic": topic,
        "partition": one.partition,
        "offset": one.offset,
        "timestamp": timestamp_of(one),
        **_named("key", one.key),
        "headers": [{"name": name, **_named("value", value)} for name, value in one.headers],
        **_named("payload", one.value),
    }


def timestamp_of(one: "Peeked") -> str | None:
    """UTC; None: the producer gave none, or one that no calendar has."""
    try:
        time = EPOCH + timedelta(milliseconds=one.timestamp_ms)
    except OverflowError:
        return None
    return time.replace(tzinfo=None).isoformat(" ", "milliseconds") if one.timestamp_ms >= 0 else None


def _payload_lines(payload: bytes | None, width: int) -> list[str]:
    if payload is None:
        return ["(no payload: a tombstone)"]
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return [f"({len(payload)} bytes, not UTF-8)", _text(payload)]
    return (broken_json(text, width) or visible(text)).splitlines() or ["(empty)"]


def _text(value: bytes | None) -> str:
    """With an escape for each byte that is no text."""
    return "null" if value is None else visible(value.decode(errors="backslashreplace"))


def _named(name: str, value: bytes | None) -> dict[str, object]:
    try:
        return {name: None if value is None else value.decode()}
    except UnicodeDecodeError:
        return {name: None, f"{name}_hex": (value or b"").hex()}


def _cells(topic: str, one: "Peeked") -> list[object]:
    headers = json.dumps({name: _text(value) for name, value in one.headers}, ensure_ascii=False)
    payload = "" if one.value is None else _text(one.value)
    key = "" if one.key is None else _text(one.key)
    return [topic, one.partition, one.offset, timestamp_of(one), key, headers, payload]
