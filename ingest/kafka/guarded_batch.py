"""kafka-python's batch of records, guarded: nothing in one stops a reader or fills its memory.

    bytes of a batch ─▶ checksum ─▶ unpacked, within bounds ─▶ records, whatever their headers are called

kafka-python unpacks without a limit and stops at a header's name that is not UTF-8, and has no setting for
either; so this class stands in its place, from the import of this module on.
"""

import struct
import threading
from typing import Any

from kafka.errors import KafkaError
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch
from kafka.record.util import decode_varint

from ingest.kafka.unpack import UNPACK, TooLarge

MAX_UNPACKED_BYTES = 32 * 2**20
"""Of one batch. Producers count a batch's size before they pack it, and brokers take 1 MB by default."""
MAX_HEADERS = 1_000
HEADER_BLOCK = "kafka.header_block"
"""The header that holds all headers of a record as Kafka had them, where they cannot be told apart."""


class UnreadableBatch(KafkaError):
    """A batch that cannot be taken apart: its offsets from `first` on, up to `end`."""

    def __init__(self, first: int, end: int, reason: str) -> None:
        super().__init__(reason)
        self.first, self.end, self.reason = first, end, reason


class RoomSpent(KafkaError):
    """So much was unpacked for one poll that the rest has to wait for the next."""


class _Room(threading.local):
    """What the current poll of this thread has unpacked."""

    spent = 0


_room = _Room()


def begin_poll() -> None:
    """From here on a poll may unpack as much as one batch may hold, and end the batch it is in."""
    _room.spent = 0


class GuardedBatch(DefaultRecordBatch):
    """Raises UnreadableBatch where kafka-python would raise anything at all."""

    __slots__ = ("_at",)

    def __init__(self, buffer: Any) -> None:
        super().__init__(buffer)
        self._at = self.base_offset

    def validate_crc(self) -> bool:
        if not super().validate_crc():
            raise self._unreadable("its checksum is wrong: the broker's disk has damaged it")
        return True

    def __iter__(self) -> "GuardedBatch":
        if not self._decompressed and self.compression_type != self.CODEC_NONE:
            self._unpack()
        self._decompressed = True
        return self

    def __next__(self) -> Any:
        try:
            if self.is_control_batch:
                return super().__next__()
            if self._next_record_index >= self.records_count:
                return self._end()
            record = self._read_record()
        except (KafkaError, ValueError, IndexError, struct.error) as error:
            if isinstance(error, UnreadableBatch):
                raise
            raise self._unreadable(f"its records are malformed: {error}") from error
        self._next_record_index += 1
        self._at = record.offset + 1
        return record

    def _unpack(self) -> None:
        if _room.spent > MAX_UNPACKED_BYTES:
            raise RoomSpent
        codec = self.compression_type
        unpack = UNPACK.get(codec)
        if unpack is None:
            raise self._unreadable(f"its codec {codec} is unknown")
        try:
            unpacked = unpack(memoryview(self._buffer)[self._pos :], MAX_UNPACKED_BYTES)
        except TooLarge as error:
            raise self._unreadable(
                f"{len(self._buffer)} bytes unpack to more than {MAX_UNPACKED_BYTES // 2**20} MiB"
            ) from error
        except Exception as error:  # each codec has errors of its own
            raise self._unreadable(f"it cannot be unpacked: {error!r}") from error
        _room.spent += len(unpacked)
        self._buffer, self._pos = unpacked, 0

    def _end(self) -> Any:
        if self._pos != len(self._buffer):
            raise self._unreadable(f"{len(self._buffer) - self._pos} bytes are left behind its last record")
        raise StopIteration

    def _read_record(self) -> DefaultRecord:
        """length, attributes, time, offset, key, value, headers: numbers as varints, -1 for none."""
        buffer = self._buffer
        length, begin = decode_varint(buffer, self._pos)
        end = begin + length
        if length < 0 or end > len(buffer):
            raise ValueError(f"a record of {length} bytes")
        time_delta, at = decode_varint(buffer, begin + 1)
        offset_delta, at = decode_varint(buffer, at)
        key, at = _text(buffer, at, end)
        value, at = _text(buffer, at, end)
        headers = _headers(buffer, at, end)
        self._pos = end
        by_broker = self.timestamp_type == self.LOG_APPEND_TIME
        return DefaultRecord(
            length,
            self.base_offset + offset_delta,
            self.max_timestamp if by_broker else self.first_timestamp + time_delta,
            self.timestamp_type,
            key,
            value,
            headers,
        )

    def _unreadable(self, reason: str) -> UnreadableBatch:
        return UnreadableBatch(self._at, self.next_offset, reason)


def _text(buffer: Any, at: int, end: int) -> tuple[bytes | None, int]:
    size, at = decode_varint(buffer, at)
    if size < 0:
        return None, at
    if at + size > end:
        raise ValueError(f"a field of {size} bytes in a record that has {end - at} left")
    return bytes(buffer[at : at + size]), at + size


def _headers(buffer: Any, begin: int, end: int) -> list[tuple[str, bytes | None]]:
    """The headers; with their whole block behind them if a name is not UTF-8, and nothing else if they are
    too many to be taken apart one by one."""
    count, at = decode_varint(buffer, begin)
    if count < 0:
        raise ValueError(f"{count} headers")
    if count > MAX_HEADERS:
        return [(HEADER_BLOCK, bytes(buffer[begin:end]))]
    headers: list[tuple[str, bytes | None]] = []
    is_text = True
    for _ in range(count):
        name, at = _text(buffer, at, end)
        value, at = _text(buffer, at, end)
        if name is None:
            raise ValueError("a header without a name")
        try:
            headers.append((name.decode(), value))
        except UnicodeDecodeError:
            headers.append((name.decode(errors="backslashreplace"), value))
            is_text = False
    if at != end:
        raise ValueError(f"{end - at} bytes are left behind a record's headers")
    return headers if is_text else [*headers, (HEADER_BLOCK, bytes(buffer[begin:end]))]


memory_records.DefaultRecordBatch = GuardedBatch  # pyright: ignore[reportAttributeAccessIssue]
