"""A small web server of ours, for this machine only."""

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from ingest.services import ports

HOST_NAMES = (ports.LOOPBACK, "localhost")
"""A page of another site that has its own name lead here (DNS rebinding) gets nothing."""


def serve(application: ASGIApp, port: int) -> None:
    """Until Ctrl-C."""
    guarded = TrustedHostMiddleware(application, allowed_hosts=HOST_NAMES)
    # A viewer's stream would never end by itself.
    uvicorn.run(guarded, host=ports.LOOPBACK, port=port, log_level="warning", timeout_graceful_shutdown=1)
