"""Who may ask Dagster's webserver what, decided from a request's first lines alone.

Dagster runs GraphQL mutations for anybody whose request arrives: also by GET, from any web page that is open
in the viewer's browser, under any host name. These rules close that; they change nothing for its own UI.
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from ingest.core.settings import Settings
from ingest.services.ports import LOOPBACK_NAMES

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})
"""What a browser says of a request by our own pages, and of an address that somebody typed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request counts."""

    method: str
    """As in HTTP; WEBSOCKET for one that opens a WebSocket."""
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def writes(self) -> bool:
        return self.method not in READING

    @property
    def is_question_by_get(self) -> bool:
        """In GraphQL; HEAD is answered as GET is. Without a question the address is a page for people."""
        is_graphql = self.path.rstrip("/").endswith("/graphql")
        return is_graphql and not self.writes and "query" in parse_qs(self.query, keep_blank_values=True)

    @property
    def is_report(self) -> bool:
        """To Dagster's endpoints for events from outside."""
        return any(part.startswith("report_asset_") for part in self.path.split("/"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, and what to do about it."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Empty: what a laptop wants."""

    hosts: frozenset[str] = frozenset()
    """Names besides this machine's own, as browsers are told them."""
    password: str | None = None
    report_token: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        password, token = settings.ui_password, settings.ui_report_token
        names = (settings.ui_host, *settings.ui_allowed_hosts.split(","))
        return cls(
            frozenset(name.strip().lower() for name in names if name.strip()),
            password.get_secret_value() if password else None,
            token.get_secret_value() if token else None,
        )

    def refusal(self, asked: Asked) -> Refusal | None:
        """None: let it pass."""
        if asked.path.rstrip("/").endswith("/server_info") and not asked.writes:
            return None  # versions only, and probes ask for it by address
        host = host_name(asked.headers.get("host", ""))
        if host not in LOOPBACK_NAMES | self.hosts:
            return Refusal(403, f"This UI does not answer as {host!r}: add the name to UI_ALLOWED_HOSTS.")
        if asked.is_report:
            return self._of_report(asked)
        if self.password is not None and not _has_password(asked, self.password):
            return Refusal(401, "This UI wants its password, UI_PASSWORD, with any user name.")
        if asked.is_question_by_get:
            return Refusal(405, "GraphQL is asked by POST: by GET any image could run a mutation.")
        if asked.writes and not _is_own_page(asked):
            return Refusal(403, "Another web site's page sent this. The UI's own pages and programs may.")
        return None

    def _of_report(self, asked: Asked) -> Refusal | None:
        if self.report_token is None:
            return Refusal(403, "Nothing is reported from outside unless UI_REPORT_TOKEN is set.")
        if not _same(asked.headers.get("authorization", ""), f"Bearer {self.report_token}"):
            return Refusal(401, "A report wants the header `Authorization: Bearer ` with UI_REPORT_TOKEN.")
        return None


def host_name(authority: str) -> str:
    """Of a Host header: without the port, in lower case."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_own_page(asked: Asked) -> bool:
    """A program sends neither header; a browser sends one of them with everything that writes."""
    site = asked.headers.get("sec-fetch-site")
    if site is not None and site not in OWN_SITES:
        return False
    origin = asked.headers.get("origin")
    # A proxy may have taken TLS off: what was https outside is http here.
    return origin is None or urlsplit(origin).netloc.lower() == asked.headers.get("host", "").lower()


def _has_password(asked: Asked, password: str) -> bool:
    scheme, _, encoded = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        _, _, given = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return False
    return _same(given, password)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
