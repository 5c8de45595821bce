"""What a stranger can put on a topic that no honest producer would, and what a bad disk does to it."""

import struct
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from crc32c import crc32c
from kafka import KafkaProducer

from ingest.core.settings import Settings
from ingest.kafka.connect import connect
from tests.support.other_side import OtherSide, Sent

MEBIBYTE = 2**20
# Where a batch of records has its codec, and where what its checksum covers begins.
CHECKSUM_AT, ATTRIBUTES_AT, FIRST_RECORD_AT = 17, 21, 61


class NotText(str):
    """A header's name as clients of other languages may send it: its bytes are Latin-1."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("latin-1" if encoding == "utf-8" else encoding, errors)


def publish_with_headers(
    settings: Settings, topic: str, headers: Iterable[tuple[str, bytes]], value: bytes = b"x"
) -> None:
    with closing(connect(settings, KafkaProducer)) as producer:
        producer.send(topic, value, headers=list(headers))


def publish_bombs(other_side: OtherSide, topic: str, sizes: Iterable[int], codec: str = "zstd") -> None:
    """Zeros, each message packed by itself: thousands of times smaller on the wire."""
    largest = {"message_max_bytes": 10**9, "batch_size": 2**31 - 1, "linger_ms": 0}
    for size in sizes:
        other_side.publish(topic, [Sent(bytes(size))], compression_type=codec, **largest)


def damage(segment: Path, number: int, harm: Callable[[bytearray], None]) -> None:
    """Change the n-th batch of a log's file, which its broker must have let go of."""
    log = bytearray(segment.read_bytes())
    at = 0
    for _ in range(number):
        at += 12 + struct.unpack_from(">i", log, at + 8)[0]
    end = at + 12 + struct.unpack_from(">i", log, at + 8)[0]
    batch = log[at:end]
    harm(batch)
    log[at:end] = batch
    segment.write_bytes(log)


def flip_a_bit(batch: bytearray) -> None:
    batch[FIRST_RECORD_AT + 6] ^= 0x01


def name_an_unknown_codec(batch: bytearray) -> None:
    batch[ATTRIBUTES_AT + 1] |= 0x07
    _sign(batch)


def break_a_record(batch: bytearray) -> None:
    """Its checksum is right, its first record has a length below zero."""
    batch[FIRST_RECORD_AT] = 0x7F
    _sign(batch)


def _sign(batch: bytearray) -> None:
    struct.pack_into(">I", batch, CHECKSUM_AT, crc32c(bytes(batch[ATTRIBUTES_AT:])))


def segment_of(settings: Settings, topic: str, partition: int = 0) -> Path:
    return settings.kafka_home / "data" / f"{topic}-{partition}" / "00000000000000000000.log"
