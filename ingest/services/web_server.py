"""A small web server of ours, for this machine only."""

import uvicorn
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.services import ports

HOST_NAMES = (ports.LOOPBACK, "localhost")
"""A page of another site that has its own name lead here (DNS rebinding) gets nothing."""
OWN_SITES = {None, "same-origin", "none"}
"""What browsers say of requests by our own pages and of addresses that were typed; scrapers say nothing."""
CONNECTIONS = 256
"""More at once are told to come again: each takes memory, however slowly it asks."""


def serve(application: ASGIApp, port: int) -> None:
    """Until Ctrl-C."""
    guarded = TrustedHostMiddleware(OwnPagesOnly(application), allowed_hosts=HOST_NAMES)
    # A viewer's stream would never end by itself.
    uvicorn.run(
        guarded,
        host=ports.LOOPBACK,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
        limit_concurrency=CONNECTIONS,
    )


class OwnPagesOnly:
    """Around an application. A page of another site may lead here, but makes us look at nothing for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        is_link = headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site") in OWN_SITES or is_link:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("Not for pages of other sites.", 403)(scope, receive, send)
