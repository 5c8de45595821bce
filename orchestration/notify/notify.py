"""Who is told of what: the log always, a webhook if one is set. Add a function to add a way.

sensor ─▶ notify(RunFailed | PriceMoved) ─▶ each of NOTIFIERS
"""

import html
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass

from ingest.core.settings import load_settings
from ingest.core.visible import visible

log = logging.getLogger(__name__)
WEBHOOK_TIMEOUT_SECONDS = 10
AS_IT_STANDS = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
"""No bold, no list, and nothing fetched from an address that somebody calls a symbol."""
NOT_A_NAME = "\u200b"
"""Takes no room."""


@dataclass(frozen=True, slots=True)
class RunFailed:
    """What somebody on call wants to know first."""

    job: str
    run_id: str
    message: str

    level = logging.ERROR

    @property
    def text(self) -> str:
        return f"{self.job} failed: {self.message} (run {self.run_id})"


@dataclass(frozen=True, slots=True)
class PriceMoved:
    """A price alert, or that one is taken back."""

    text: str

    level = logging.WARNING


News = RunFailed | PriceMoved


def to_log(news: News) -> None:
    log.log(news.level, "%s", visible(news.text))


def to_webhook(news: News) -> None:
    """POST it as JSON. A webhook that does not answer is logged: it must not fail the sensor."""
    webhook = load_settings().tickhouse_notify_webhook
    if webhook is None:
        return
    request = urllib.request.Request(  # noqa: S310  (the user's own setting)
        webhook.get_secret_value(),
        data=json.dumps(for_chat(news)).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS):  # noqa: S310
            log.info("Told the webhook: %s", visible(news.text))
    except (urllib.error.URLError, TimeoutError) as error:
        # Not the address: it may hold a token.
        log.error("The webhook did not take the news: %s (%s)", visible(news.text), type(error).__name__)


def for_chat(news: News) -> dict[str, object]:
    """As Slack and those that speak as it does take it: a symbol calls no channel and shows no false link."""
    told = {name: as_chat_text(value) for name, value in asdict(news).items()}
    return {**told, "text": as_chat_text(news.text), **AS_IT_STANDS}


def as_chat_text(text: str) -> str:
    """Slack's own escapes for what begins a mention or a link; an @ calls nobody in other chats either."""
    return html.escape(visible(text), quote=False).replace("@", f"@{NOT_A_NAME}")


NOTIFIERS: tuple[Callable[[News], None], ...] = (to_log, to_webhook)


def notify(news: News) -> None:
    for tell in NOTIFIERS:
        tell(news)
