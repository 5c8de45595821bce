"""TCP ports of this machine: is one free, which one is, and who has it."""

import socket
from contextlib import suppress

from ingest.core.errors import ServiceFailed

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", "::1"})


def answers(port: int) -> bool:
    """Whether something accepts connections."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen here now."""
    # Asking both ways: where SO_REUSEADDR is set, macOS lets a second program bind beside one that listens
    # on all addresses; and without it, connections closed a minute ago would count as taken.
    if answers(port):
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int) -> None:
    """ServiceFailed with who has it, if somebody does."""
    if not is_free(port):
        raise ServiceFailed(
            f"Port {port} is taken by {holder(port)}. Stop it, or choose another with --port {port + 1}."
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def holder(port: int) -> str:
    """Who listens there, as well as it can be known: other people's processes do not say."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            listens = [c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
            if port in listens:
                return f"{process.name()} (pid {process.pid}, started in {process.cwd()})"
    return "a program of another user"
