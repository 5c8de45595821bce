"""The board's pages, streams and metrics, as one application.

GET /            the page; its modules and styles under /page/
GET /stream      server-sent events: a snapshot of ?venue=&symbol=&width= whenever the warehouse was read
GET /metrics     for Prometheus
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ingest.board.questions import WIDTHS, View
from ingest.board.watch import Full, Watch
from ingest.core.settings import Settings
from ingest.metrics.exporter import metrics_route
from ingest.services.web_headers import SafeHeaders

LONGEST_NAME = 100
"""Longer ones are rejected in staging."""
PAGE = Path(__file__).with_name("page")


def board(settings: Settings) -> Starlette:
    """Watches while somebody looks on."""
    watch = Watch(settings)

    @asynccontextmanager
    async def watching(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(watch.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def page(_: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def stream(request: Request) -> Response:
        asked = request.query_params
        view = View(asked.get("venue", ""), asked.get("symbol", ""), asked.get("width", "1m"))
        if view.width not in WIDTHS:
            return PlainTextResponse(f"width: one of {', '.join(WIDTHS)}", 400)
        if max(map(len, view.market)) > LONGEST_NAME:
            return PlainTextResponse("There is no market with so long a name.", 400)
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(_events(watch, view), media_type="text/event-stream", headers=headers)

    routes = [
        Route("/", page),
        Route("/stream", stream),
        metrics_route(settings),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]
    return Starlette(routes=routes, lifespan=watching, middleware=[Middleware(SafeHeaders)])


async def _events(watch: Watch, view: View) -> AsyncIterator[str]:
    try:
        async for text in watch.follow(view):
            yield f"data: {text}\n\n"
    except Full as error:
        yield f"event: full\ndata: {error}\n\n"
