"""A venue that one WebSocket is enough for: subscribe, and address each frame."""

from collections.abc import Callable, Generator

from ingest.core.message import Message
from ingest.feeds.frame import Address, Frame
from ingest.feeds.transport.events import feed_event, unaddressed
from ingest.feeds.transport.outlet import Outlet, in_background
from ingest.feeds.transport.socket import Endpoint, Endurance, LastingSocket

IsNoise = Callable[[bytes], bool]

CHECKSUM_FAILED = ("checksum", b"failed")


class BrokenBook(ConnectionError):
    """What came does not add up: the connection is to be made anew, and begins with a snapshot."""


class SocketFeed:
    """A Source. What is noise, such as a heartbeat, only shows that the connection lives."""

    def __init__(
        self,
        venue: str,
        endpoint: Endpoint,
        address: Address,
        is_noise: IsNoise,
        endurance: Endurance | None = None,
    ) -> None:
        self._venue = venue
        self._endpoint = endpoint
        self._address = address
        self._is_noise = is_noise
        self._endurance = endurance or Endurance()

    def messages(self) -> Generator[Message]:
        return in_background(self._run)

    async def _run(self, outlet: Outlet) -> None:
        async def take(frame: Frame) -> None:
            if self._is_noise(frame.payload):
                return
            message = self._address(frame) or unaddressed(self._venue, frame)
            await outlet.put(message)
            if message.headers[-1] == CHECKSUM_FAILED:
                raise BrokenBook(f"the checksum of {message.key.decode()} fails")

        async def tell(kind: str, detail: str) -> None:
            await outlet.put(feed_event(self._venue, kind, self._endpoint.name, detail))

        await LastingSocket(self._endpoint, take, tell, self._endurance).run()
