"""One WebSocket that outlives its connections.

    connect ─▶ read ─▶ closed, silent or refused ─▶ wait (jittered, longer each time) ─▶ connect …
    each `renew_seconds` a second connection is opened; once both deliver, the first is closed

Messages that both deliver come twice, and are known by their ids later on.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException

from ingest.core.errors import SettingsInvalid
from ingest.feeds.frame import Frame
from ingest.feeds.transport.blocked import blocked, is_blocked

Task = asyncio.Task[None]

LARGEST_FRAME_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long a connection may be quiet, live, and stay away."""

    open_seconds: float = 5.0
    """An attempt that takes longer is given up: whoever waits should hear of it soon."""
    silence_seconds: float = 60.0
    """Nothing came for so long: the connection is given up."""
    renew_seconds: float = 23 * 3600.0
    """Venues cut a connection after 24 hours."""
    overlap_seconds: float = 5.0
    retry_seconds: tuple[float, float] = (0.5, 30.0)
    """The first and the longest wait between attempts."""
    ping_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, what to say first, and the setting that says where."""

    name: str
    url: str
    setting: str
    greetings: tuple[str, ...] = ()


@dataclass(slots=True)
class Pulse:
    """When a connection was last heard of."""

    last: float


class LastingSocket:
    """Hands over each frame as it comes, and says what became of its connections."""

    def __init__(
        self,
        endpoint: Endpoint,
        take: Callable[[Frame], Awaitable[None]],
        tell: Callable[[str, str], Awaitable[None]],
        endurance: Endurance,
    ) -> None:
        self._endpoint = endpoint
        self._take = take
        self._tell = tell
        self._endurance = endurance

    async def run(self) -> None:
        """For ever. Raises only what a new attempt cannot mend."""
        lane = asyncio.create_task(self._connections(asyncio.Event()))
        try:
            while True:
                await _wait(self._endurance.renew_seconds, lane)
                lane, retired = await self._successor(lane), lane
                await _end(retired)
                await self._tell("renewed", f"after {self._endurance.renew_seconds:.0f} s")
        finally:
            await _end(lane)

    async def _successor(self, lane: Task) -> Task:
        """A second lane that has been up beside the first for a while."""
        is_up = asyncio.Event()
        successor = asyncio.create_task(self._connections(is_up))
        up = asyncio.create_task(_set(is_up))
        try:
            await _wait(None, lane, successor, up)
            await _wait(self._endurance.overlap_seconds, lane, successor)
        except BaseException:
            await _end(successor)
            raise
        finally:
            await _end(up)
        return successor

    async def _connections(self, is_up: asyncio.Event) -> None:
        """One after the other."""
        first, longest = self._endurance.retry_seconds
        wait = first
        while True:
            began = time.monotonic()
            try:
                async with self._connect() as connection:
                    for greeting in self._endpoint.greetings:
                        await connection.send(greeting)
                    await self._tell("connected", "")
                    is_up.set()
                    await self._read(connection)
            except InvalidStatus as error:
                await self._tell("disconnected", self._explained(error))
            except InvalidURI as error:
                raise SettingsInvalid(f"{self._endpoint.setting}: {error}.") from error
            except (OSError, WebSocketException, TimeoutError) as error:
                await self._tell("disconnected", f"{type(error).__name__}: {error}")
            if time.monotonic() - began > longest:
                wait = first
            # Everybody is cut at the same moment: nobody should come back at the same moment.
            await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311
            wait = min(wait * 2, longest)

    def _connect(self) -> connect:
        return connect(
            self._endpoint.url,
            max_size=LARGEST_FRAME_BYTES,
            compression=None,
            open_timeout=self._endurance.open_seconds,
            ping_interval=self._endurance.ping_seconds,
            ping_timeout=self._endurance.ping_seconds,
            close_timeout=1,
        )

    async def _read(self, connection: ClientConnection) -> None:
        pulse = Pulse(time.monotonic())
        watch = asyncio.create_task(self._watch(connection, pulse))
        try:
            while True:
                payload = await connection.recv(decode=False)
                pulse.last = time.monotonic()
                await self._take(Frame(time.time_ns(), payload))
        finally:
            await _end(watch)

    async def _watch(self, connection: ClientConnection, pulse: Pulse) -> None:
        """A connection can be open and dead: pongs come, data does not."""
        limit = self._endurance.silence_seconds
        while (quiet := time.monotonic() - pulse.last) < limit:
            await asyncio.sleep(limit - quiet)
        await self._tell("silent", f"nothing for {limit:g} s")
        connection.transport.abort()

    def _explained(self, error: InvalidStatus) -> str:
        status = error.response.status_code
        if is_blocked(status):
            raise blocked(self._endpoint.url, status, self._endpoint.setting) from error
        return f"HTTP {status}"


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _wait(seconds: float | None, *tasks: Task) -> None:
    """So long, or until one of them ends; with its error, if it failed."""
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _end(task: Task) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
