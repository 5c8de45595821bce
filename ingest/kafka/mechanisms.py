"""Which logins a cluster takes, asked of it directly: kafka-python says only that a connection broke."""

import socket
import struct
from contextlib import ExitStack

from ingest.core.settings import Settings
from ingest.kafka.tls import HANDSHAKE_SECONDS, first_server, tls_context

SASL_HANDSHAKE, VERSION = 17, 1
LARGEST_ANSWER = 2**16


def unknown_mechanism(settings: Settings) -> str | None:
    """That the first bootstrap server does not know ours, but others; None if it says no such thing."""
    wanted = settings.kafka_sasl_mechanism
    known = _known(settings, wanted)
    if known is None or wanted in known:
        return None
    return f"it does not know KAFKA_SASL_MECHANISM={wanted}, but {' and '.join(known) or 'none'}"


def _known(settings: Settings, wanted: str) -> list[str] | None:
    address = first_server(settings)
    try:
        with ExitStack() as opened:
            sent = opened.enter_context(socket.create_connection(address, timeout=HANDSHAKE_SECONDS))
            if settings.kafka_security_protocol.endswith("SSL"):
                sent = tls_context(settings).wrap_socket(sent, server_hostname=address[0])
                opened.enter_context(sent)
            request = struct.pack(">hhi", SASL_HANDSHAKE, VERSION, 0) + _text("tickhouse") + _text(wanted)
            sent.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _read(sent, 4))
            return _mechanisms(_read(sent, size)) if size <= LARGEST_ANSWER else None
    except (OSError, struct.error):
        return None


def _mechanisms(answer: bytes) -> list[str]:
    """Behind the number of the question and the error's code: a list of texts."""
    (count,), at = struct.unpack_from(">i", answer, 6), 10
    found: list[str] = []
    for _ in range(count):
        (size,) = struct.unpack_from(">h", answer, at)
        found.append(answer[at + 2 : at + 2 + size].decode(errors="replace"))
        at += 2 + size
    return found


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()


def _read(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        piece = connection.recv(size - len(read))
        if not piece:
            raise OSError
        read += piece
    return read
