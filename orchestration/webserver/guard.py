"""An ASGI application before another one: what the rules refuse never reaches it.

browser ─▶ Guard ─ rules ─▶ Dagster's webserver
              └──▶ 401, 403, 405
"""

import logging

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from ingest.core.visible import visible
from orchestration.webserver.rules import Asked, Refusal, Rules

log = logging.getLogger(__name__)
POLICY_VIOLATION = 1008
HEADERS = {"X-Frame-Options": "SAMEORIGIN", "X-Content-Type-Options": "nosniff"}
"""No foreign page shows the UI in a frame, to have a click on it meant for something else."""
WHO_ARE_YOU = {"WWW-Authenticate": 'Basic realm="Tickhouse", charset="UTF-8"'}


class Guard:
    """Stands before an application of Starlette or any other."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        asked = _asked(scope)
        refusal = self._rules.refusal(asked)
        if refusal is None:
            return await self._app(scope, receive, _with_headers(send))
        log.warning("Refused %s %s: %s", asked.method, visible(asked.path), visible(refusal.reason))
        return await _answer(refusal, scope)(scope, receive, send)


def _asked(scope: Scope) -> Asked:
    method = scope["method"] if scope["type"] == "http" else "WEBSOCKET"
    return Asked(method, scope["path"], scope["query_string"].decode("latin-1"), Headers(scope=scope))


def _answer(refusal: Refusal, scope: Scope) -> ASGIApp:
    if scope["type"] == "websocket":
        return WebSocketClose(POLICY_VIOLATION, refusal.reason)
    headers = WHO_ARE_YOU if refusal.status == 401 else None
    return PlainTextResponse(refusal.reason + "\n", refusal.status, headers)


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
