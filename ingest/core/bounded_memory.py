"""A bound on what this process may take, for work that strangers ask for."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded_memory(more_bytes: int) -> Iterator[None]:
    """An allocation beyond that fails, as on a full machine. macOS knows such a limit and ignores it."""
    import psutil

    before, most = resource.getrlimit(resource.RLIMIT_AS)
    bound = psutil.Process().memory_info().vms + more_bytes
    bound = bound if before == resource.RLIM_INFINITY else min(bound, before)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (bound, most))
    except (OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))
