"""From a live source's own thread to whoever takes its messages.

    asyncio, in a thread ─▶ put ─▶ [ bounded ] ─▶ taken, in the caller's thread

When the taker stops taking (Kafka is away), the buffer fills and the sockets are no longer read. The
venue then cuts them, the source connects again, and what was missed shows as a hole in its numbers.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from queue import SimpleQueue

from ingest.core.message import Message

MOST_MESSAGES = 50_000
LOOK_SECONDS = 0.01


class Outlet:
    """Where a live source puts its messages."""

    def __init__(self, most: int = MOST_MESSAGES) -> None:
        self._most = most
        self._queue: SimpleQueue[Message | BaseException | None] = SimpleQueue()

    async def put(self, message: Message) -> None:
        """In order; waits while the buffer is full."""
        while self._queue.qsize() >= self._most:
            await asyncio.sleep(LOOK_SECONDS)
        self._queue.put(message)

    def end(self, error: BaseException | None) -> None:
        self._queue.put(error)

    def taken(self) -> Generator[Message]:
        """Until the source ends; its error is raised here, after what it had put before."""
        while (found := self._queue.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found


def in_background(run: Callable[[Outlet], Coroutine[None, None, None]]) -> Generator[Message]:
    """The messages of a coroutine that runs in a thread of its own; closing the generator ends it."""
    outlet, loop = Outlet(), asyncio.new_event_loop()
    task = loop.create_task(run(outlet))
    thread = threading.Thread(target=_live, args=(loop, task, outlet), name="feed", daemon=True)
    thread.start()
    try:
        yield from outlet.taken()
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


def _live(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]", outlet: Outlet) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        outlet.end(None)
    except BaseException as error:
        outlet.end(_first_of(error))
    else:
        outlet.end(None)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())


def _first_of(error: BaseException) -> BaseException:
    """Of tasks that failed together the first one's error."""
    return _first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
