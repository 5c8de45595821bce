"""What a chat is told is text: a symbol that somebody made up calls nobody and leads nowhere."""

import http.server
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from ingest.core.settings import Settings
from orchestration.notify import notify
from orchestration.notify.notify import PriceMoved, RunFailed, to_webhook

SYMBOL = "<!channel> <http://evil.example|BTCUSDT> @everyone & \x1b[2J\u202eevil"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the webhook got."""
    got: list[dict[str, Any]] = []

    class Chat(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None: ...  # noqa: A002

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat) as chat:
        threading.Thread(target=chat.serve_forever, daemon=True).start()
        address = SecretStr(f"http://127.0.0.1:{chat.server_port}")
        monkeypatch.setattr(notify, "load_settings", lambda: Settings(tickhouse_notify_webhook=address))
        yield got
        chat.shutdown()


@pytest.mark.parametrize("news", [PriceMoved(SYMBOL), RunFailed("micro_batch", "a-run", SYMBOL)])
def test_a_symbol_calls_nobody(
    told: list[dict[str, Any]], news: PriceMoved | RunFailed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    to_webhook(news)
    [got] = told
    texts = [value for value in got.values() if isinstance(value, str)]
    assert not any(harmful in text for text in texts for harmful in ("<", "@everyone", "\x1b", "\u202e"))
    assert "&lt;!channel&gt; &lt;http://evil.example|BTCUSDT&gt;" in got["text"]
    assert " &amp; \\x1b[2J\\u202eevil" in got["text"]
    assert got["mrkdwn"] is got["unfurl_links"] is False
    assert "\x1b" not in caplog.text
