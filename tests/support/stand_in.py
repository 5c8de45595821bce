"""A stand-in exchange: a real WebSocket and REST server on loopback, which misbehaves on command.

with StandIn() as exchange:
    exchange.wait_for_connections(1)
    exchange.send("btcusdt@trade", b'{"e":"trade",...}')
    exchange.cut_mid_frame()
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Found = TypeVar("Found")
PATIENCE_SECONDS = 20.0


class Asked(NamedTuple):
    """A question to REST."""

    path: str
    parameters: dict[str, str]
    at: float


class Answer(NamedTuple):
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class StandIn:
    """Everything here may be called from the test's thread."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []
        """Given once each, in this order, before `answer` is asked."""
        self.answer: Callable[[Asked], Answer] = _not_found
        self.refusals: list[int] = []
        """Statuses with which the next handshakes are refused."""
        self.paths: list[str] = []
        """Of every WebSocket so far."""
        self.said: list[str | bytes] = []
        """What clients sent over them."""
        self._open: list[ServerConnection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(self._serve())
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for_connections(self, count: int) -> None:
        """So many, ever."""
        awaited(f"{count} connections", lambda: len(self.paths) >= count and self.open_count)

    def send(self, stream: str, data: bytes) -> None:
        """A frame of a combined stream, to everybody who subscribed to it."""
        self.send_frame(b'{"stream":"%b","data":%b}' % (stream.encode(), data), stream)

    def send_frame(self, payload: bytes, stream: str = "") -> None:
        self._do(self._send(payload, stream))

    def cut_mid_frame(self) -> None:
        """A frame begins, and the connection is gone."""
        self._do(self._cut(b"\x81\x7e\x10\x00" + b'{"stream":"btcusdt@tr'))

    def close(self, code: int = 1001) -> None:
        """As the venue does after 24 hours."""
        self._do(self._close(code))

    def stop_reading(self) -> None:
        """Pings are not seen any more, so nobody answers them."""
        self._do(self._pause())

    @property
    def open_count(self) -> int:
        return len(self._open)

    async def _serve(self) -> Server:
        return await serve(
            self._hold, "127.0.0.1", 0, process_request=self._request, ping_interval=None, compression=None
        )

    async def _stop(self) -> None:
        assert self._server is not None
        for connection in list(self._open):
            connection.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    async def _hold(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self._open.append(connection)
        self.paths.append(connection.request.path)
        try:
            async for said in connection:
                self.said.append(said)
        except ConnectionClosed:
            pass
        finally:
            self._open.remove(connection)

    def _request(self, _: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade"):
            return _response(Answer(b"", self.refusals.pop(0))) if self.refusals else None
        url = urlsplit(request.path)
        asked = Asked(url.path, {k: v[0] for k, v in parse_qs(url.query).items()}, time.monotonic())
        self.asked.append(asked)
        return _response(self.answers.pop(0) if self.answers else self.answer(asked))

    async def _connections(self) -> list[ServerConnection]:
        """Of those who are there; a client knows a moment before us that it is connected."""
        while not self._open:
            await asyncio.sleep(0.001)
        return list(self._open)

    async def _pause(self) -> None:
        for connection in await self._connections():
            connection.transport.pause_reading()

    async def _send(self, payload: bytes, stream: str) -> None:
        for connection in await self._connections():
            assert connection.request is not None
            if stream in connection.request.path:
                with suppress(ConnectionClosed):
                    await connection.send(payload, text=True)

    async def _cut(self, beginning: bytes) -> None:
        for connection in await self._connections():
            connection.transport.write(beginning)
            connection.transport.abort()

    async def _close(self, code: int) -> None:
        for connection in await self._connections():
            await connection.close(code)

    def _do(self, step: Coroutine[Any, Any, Found]) -> Found:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(PATIENCE_SECONDS)


class Books:
    """Answers for a book: each symbol's snapshot has the last id that was told."""

    def __init__(self) -> None:
        self.last_ids: dict[str, int] = {}

    def answer(self, asked: Asked) -> Answer:
        if not asked.path.endswith("/depth"):
            return _not_found(asked)
        last_id = self.last_ids.get(asked.parameters["symbol"], 0)
        return Answer(snapshot(last_id))


def snapshot(last_id: int) -> bytes:
    return json.dumps({"lastUpdateId": last_id, "bids": [["1", "2"]], "asks": [["3", "4"]]}).encode()


def awaited(what: str, look: Callable[[], Found]) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s"
        time.sleep(0.005)
    return found


def _not_found(asked: Asked) -> Answer:
    return Answer(b'{"code":-1121,"msg":"Invalid symbol."}', 400)


def _response(answer: Answer) -> Response:
    headers = Headers([*answer.headers, ("Content-Length", str(len(answer.body))), ("Connection", "close")])
    return Response(answer.status, HTTPStatus(answer.status).phrase, headers, answer.body)
