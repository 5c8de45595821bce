"""Who is told when a run fails: the log always, a webhook if one is set. Add a function to add a way.

failure sensor ─▶ notify(Failure) ─▶ each of NOTIFIERS
"""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass

from ingest.settings import load_settings

log = logging.getLogger(__name__)
WEBHOOK_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class RunFailed:
    """What somebody on call wants to know first."""

    job: str
    run_id: str
    message: str


def to_log(failure: RunFailed) -> None:
    log.error("Run %s of %s failed: %s", failure.run_id, failure.job, failure.message)


def to_webhook(failure: RunFailed) -> None:
    """POST it as JSON. A webhook that does not answer is logged: it must not fail the sensor."""
    webhook = load_settings().tickhouse_notify_webhook
    if webhook is None:
        return
    text = f"{failure.job} failed: {failure.message} (run {failure.run_id})"
    request = urllib.request.Request(  # noqa: S310  (the user's own setting)
        webhook.get_secret_value(),
        data=json.dumps({"text": text, **asdict(failure)}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS):  # noqa: S310
            log.info("Told the webhook of run %s.", failure.run_id)
    except (urllib.error.URLError, TimeoutError) as error:
        # Not the address: it may hold a token.
        log.error("The webhook did not take the news of run %s: %s", failure.run_id, type(error).__name__)


NOTIFIERS: tuple[Callable[[RunFailed], None], ...] = (to_log, to_webhook)


def notify(failure: RunFailed) -> None:
    for tell in NOTIFIERS:
        tell(failure)
