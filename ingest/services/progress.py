"""Progress of long steps: a bar on a terminal, a line at the start and at the end elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]


def note(text: str) -> None:
    """A line about a step that takes a while; on stderr, so that output can be piped."""
    from rich.console import Console

    Console(stderr=True, highlight=False).print(text)


@contextmanager
def byte_progress(what: str, total: int) -> Iterator[Advance]:
    """Yields what to call with each number of bytes done; safe to call from several threads."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        note(f"{what}: {total / 1e6:.0f} MB ...")
        yield lambda _: None
        note(f"{what}: done")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)
