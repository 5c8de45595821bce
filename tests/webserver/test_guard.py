"""A page of somebody else, open in the viewer's browser, cannot use the UI; the UI itself works as before."""

import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.live_stack import awaited
from tests.webserver.code_location import victim
from tests.webserver.dagster_ui import DagsterUi, dagster_ui

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WEBSERVER = ["python", "-m", "orchestration.webserver"]
PASSWORD, TOKEN = "open sesame", "a-token"
BY_GET = """<img src="{harmful}"><script>fetch({harmful!r}, {{mode: 'no-cors'}})</script>"""
BY_POST = """<form id=f method=post enctype="text/plain" action="{harmful}"></form>
<script>f.submit()</script>"""
BY_SOCKET = """<script>
const socket = new WebSocket("{socket}", "graphql-ws");
socket.onopen = () => {{ document.title = "open" }};
socket.onerror = () => {{ document.title = "refused" }};
</script>"""


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUi]:
    with dagster_ui(tmp_path_factory.mktemp("guarded"), WEBSERVER, UI_REPORT_TOKEN=TOKEN) as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[dict[str, str]]:
    """Pages of another site, by path; `base` is where it is."""
    pages: dict[str, str] = {}

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, format: str, *_: object) -> None: ...  # noqa: A002

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pages["base"] = f"http://localhost:{server.server_port}"
        yield pages
        server.shutdown()


def answer(ui: DagsterUi, path: str, body: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(ui.url + path, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answered:
            return answered.status
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.parametrize("attack", [BY_GET, BY_POST])
def test_no_page_of_another_site_runs_a_mutation(
    ui: DagsterUi, browser: Browser, elsewhere: dict[str, str], attack: str
) -> None:
    ui.set_up_victim()
    elsewhere["/"] = attack.format(harmful=ui.harmful)
    page = browser.new_page()
    answered: list[int] = []
    page.on("response", lambda got: answered.append(got.status) if "/graphql" in got.url else None)
    page.goto(elsewhere["base"] + "/")
    awaited("an answer", lambda: page.wait_for_timeout(50) or answered, seconds=20)
    page.close()
    assert set(answered) <= {403, 405}
    assert ui.is_victim_whole()


def test_no_page_of_another_site_opens_a_web_socket(
    ui: DagsterUi, browser: Browser, elsewhere: dict[str, str]
) -> None:
    elsewhere["/"] = BY_SOCKET.format(socket=ui.url.replace("http", "ws") + "/graphql")
    page = browser.new_page()
    page.goto(elsewhere["base"] + "/")
    expect(page).to_have_title("refused")
    page.close()


def test_a_name_that_leads_here_is_not_enough(ui: DagsterUi) -> None:
    assert answer(ui, "/", Host="evil.example") == 403


def test_events_are_reported_with_the_token_only(ui: DagsterUi) -> None:
    ui.set_up_victim()
    path = "/report_asset_materialization/victim"
    assert answer(ui, path, b"{}", **{"Content-Type": "application/json"}) == 401
    told = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    assert answer(ui, path, json.dumps({"description": "by a program"}).encode(), **told) == 200


def watched(page: Page, ui: DagsterUi) -> None:
    """The page of a run shows its log, which comes over a WebSocket."""
    # In a thread: Playwright's own event loop lives in this one.
    with ui.history() as history, ThreadPoolExecutor() as thread:
        run = thread.submit(dg.materialize, [victim], instance=history).result()
    told: list[str] = []
    page.on("websocket", lambda opened: opened.on("framereceived", lambda frame: told.append(str(frame))))
    page.goto(f"{ui.url}/runs/{run.run_id}")
    expect(page.get_by_text("ASSET_MATERIALIZATION").first).to_be_visible()
    assert any("pipelineRunLogs" in frame for frame in told)


def test_the_ui_works_behind_it(ui: DagsterUi, browser: Browser) -> None:
    page = browser.new_page()
    watched(page, ui)
    ui.set_up_victim()
    script = (
        """body => fetch("/graphql", {method: "POST", headers: {"Content-Type": "application/json"}, body})"""
    )
    page.evaluate(script, json.dumps({"query": ui.harmful.partition("=")[2].replace("%22", '"')}))
    awaited("the mutation of its own page", lambda: not ui.is_victim_whole(), seconds=20)
    page.close()


def test_with_a_password(browser: Browser, tmp_path: Path) -> None:
    with dagster_ui(tmp_path / "closed", WEBSERVER, UI_PASSWORD=PASSWORD) as closed:
        assert answer(closed, "/") == 401
        context = browser.new_context(http_credentials={"username": "anybody", "password": PASSWORD})
        page = context.new_page()
        watched(page, closed)
        context.close()
