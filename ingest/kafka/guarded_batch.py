"""kafka-python's batch of records, guarded: nothing in one stops a reader or fills its memory.

    bytes of a batch ─▶ checksum ─▶ (the fetcher) ─▶ unpacked, within bounds ─▶ records, whatever is in them

kafka-python unpacks without a limit, stops at a header's name that is not UTF-8 and makes a dozen objects of
each record, and has no setting for any of it; so this class stands in its place, from the import of this
module on, and kafka-python hands on whole batches, still packed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
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


class NotPlain(Exception):
    """It has to be looked at record by record."""


@dataclass(frozen=True, slots=True)
class AsRecord:
    """A batch, as kafka-python hands a record on: at the batch's last offset."""

    value: tuple["GuardedBatch"]
    offset: int
    timestamp: int
    timestamp_type: int
    size_in_bytes: int
    key: None = None
    headers: tuple[()] = ()
    checksum: None = None

    def validate_crc(self) -> bool:
        return True


class GuardedBatch(DefaultRecordBatch):
    """Raises UnreadableBatch where kafka-python would raise anything at all."""

    __slots__ = ("_at", "_unpacked")

    def __init__(self, buffer: Any) -> None:
        super().__init__(buffer)
        self._at = self.base_offset
        self._unpacked: bytes | None = None

    def validate_crc(self) -> bool:
        if not super().validate_crc():
            raise self._unreadable("its checksum is wrong: the broker's disk has damaged it")
        return True

    def __iter__(self) -> Iterator[AsRecord]:
        yield AsRecord((self,), self.last_offset, self.max_timestamp, self.timestamp_type, self.size_in_bytes)

    def __next__(self) -> Any:
        """Of a control batch, which says how a transaction ended."""
        try:
            return super().__next__()
        except (KafkaError, ValueError, IndexError, struct.error) as error:
            raise self._malformed(error) from error

    def unpacked(self) -> bytes:
        """The bytes of its records."""
        if self._unpacked is None:
            packed = memoryview(self._buffer)[self._pos :]  # pyright: ignore[reportAttributeAccessIssue]
            self._unpacked = self._unpack(packed) if self.compression_type else bytes(packed)
        return self._unpacked

    def records(self) -> Iterator[DefaultRecord]:
        """One by one, up to the first that is malformed."""
        at = 0
        for _ in range(self.records_count):
            try:
                record, at = self._read_record(self.unpacked(), at)
            except (ValueError, IndexError, struct.error) as error:
                raise self._malformed(error) from error
            self._at = record.offset + 1
            yield record
        if left := len(self.unpacked()) - at:
            raise self._unreadable(f"{left} bytes are left behind its last record")

    def _unpack(self, packed: memoryview) -> bytes:
        codec = self.compression_type
        unpack = UNPACK.get(codec)
        if unpack is None:
            raise self._unreadable(f"its codec {codec} is unknown")
        try:
            return unpack(packed, MAX_UNPACKED_BYTES)
        except TooLarge as error:
            raise self._unreadable(
                f"{len(packed)} bytes unpack to more than {MAX_UNPACKED_BYTES // 2**20} MiB"
            ) from error
        except Exception as error:  # each codec has errors of its own
            raise self._unreadable(f"it cannot be unpacked: {error!r}") from error

    def _read_record(self, buffer: bytes, at: int) -> tuple[DefaultRecord, int]:
        """length, attributes, time, offset, key, value, headers: numbers as varints, -1 for none."""
        length, begin = decode_varint(buffer, at)
        end = begin + length
        if length < 0 or end > len(buffer):
            raise ValueError(f"a record of {length} bytes")
        time_delta, at = decode_varint(buffer, begin + 1)
        offset_delta, at = decode_varint(buffer, at)
        key, at = _text(buffer, at, end)
        value, at = _text(buffer, at, end)
        headers = _headers(buffer, at, end)
        by_broker = self.timestamp_type == self.LOG_APPEND_TIME
        timestamp = self.max_timestamp if by_broker else self.first_timestamp + time_delta
        offset = self.base_offset + offset_delta
        return DefaultRecord(length, offset, timestamp, self.timestamp_type, key, value, headers), end

    def _malformed(self, error: Exception) -> UnreadableBatch:
        return self._unreadable(f"its records are malformed: {error}")

    def _unreadable(self, reason: str) -> UnreadableBatch:
        return UnreadableBatch(self._at, self.next_offset, reason)


class OldRecord:
    """A batch of one record in a format from before Kafka 0.11: kafka-python has taken it apart already."""

    records_count = 1

    def __init__(self, record: Any) -> None:
        self._record = record
        self.next_offset = record.offset + 1

    def unpacked(self) -> bytes:
        raise NotPlain

    def records(self) -> Iterator[Any]:
        yield self._record


def batch_in(record: Any) -> GuardedBatch | OldRecord:
    """What kafka-python handed on as a record."""
    return record.value[0] if isinstance(record.value, tuple) else OldRecord(record)


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
