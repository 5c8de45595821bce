"""What producers packed, unpacked to so many bytes at most: a few kilobytes can hold a gigabyte of zeros."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping

import lz4.frame
import snappy
import zstandard

SNAPPY_IN_BLOCKS = b"\x82SNAPPY\x00"
SNAPPY_BLOCKS_BEGIN = 16
GZIP_OR_ZLIB = zlib.MAX_WBITS + 32


class TooLarge(Exception):
    """There is more than was allowed."""


def _gzip(packed: memoryview, limit: int) -> bytes:
    return _whole(zlib.decompressobj(GZIP_OR_ZLIB).decompress(packed, limit + 1), limit)


def _lz4(packed: memoryview, limit: int) -> bytes:
    return _whole(lz4.frame.LZ4FrameDecompressor().decompress(packed, max_length=limit + 1), limit)


def _zstd(packed: memoryview, limit: int) -> bytes:
    unpacking = zstandard.ZstdDecompressor(max_window_size=limit)
    with unpacking.stream_reader(packed, read_across_frames=True) as reader:
        return _whole(reader.read(limit + 1), limit)


def _snappy(packed: memoryview, limit: int) -> bytes:
    """One block, or the blocks with their sizes that Java's library writes."""
    if bytes(packed[: len(SNAPPY_IN_BLOCKS)]) != SNAPPY_IN_BLOCKS:
        return _snappy_block(packed, limit)
    unpacked = io.BytesIO()
    at = SNAPPY_BLOCKS_BEGIN
    while at < len(packed):
        (size,) = struct.unpack_from("!I", packed, at)
        unpacked.write(_snappy_block(packed[at + 4 : at + 4 + size], limit - unpacked.tell()))
        at += 4 + size
    return unpacked.getvalue()


def _snappy_block(packed: memoryview, limit: int) -> bytes:
    """A block begins with the size that it unpacks to, seven bits a byte."""
    size = shift = 0
    for byte in packed[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if size > limit:
        raise TooLarge
    unpacked = snappy.decompress(bytes(packed))
    assert isinstance(unpacked, bytes)  # noqa: S101  (text only where an encoding was asked for)
    return unpacked


def _whole(unpacked: bytes, limit: int) -> bytes:
    if len(unpacked) > limit:
        raise TooLarge
    return unpacked


UNPACK: Mapping[int, Callable[[memoryview, int], bytes]] = {1: _gzip, 2: _snappy, 3: _lz4, 4: _zstd}
"""By the number that a batch gives its codec."""
