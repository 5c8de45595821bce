"""What the board draws is what the marts hold, in a real Chromium, whatever the markets are called.

Set TICKHOUSE_SCREENSHOTS to a folder to keep pictures.
"""

import hashlib
import os
import re
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest.board.application import PAGE
from ingest.board.questions import View, read_view
from ingest.operations.child import programs
from ingest.services import ports
from ingest.services.web_headers import LOGO_STYLE
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.board.market import HOSTILE, NOON, know_book, make, trade_minutes
from tests.e2e.live_stack import awaited
from tests.support.browser import chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CHART = PAGE / "vendor" / "lightweight-charts" / "lightweight-charts.standalone.production.mjs"
# Of the file in npm's lightweight-charts 5.2.1.
CHECKSUM = "1bb1ee79f9d4dd17261b53d930f7a8995748276f80e7ba0e24412b5068062f5f"


class Board:
    """`tickhouse board` over a warehouse of its own."""

    def __init__(self, home: Path) -> None:
        self.warehouse = DuckDbWarehouse(home / "warehouse.duckdb", wait_seconds=30)
        self.port = ports.free_port()

    def url(self, symbol: str = "BTCUSDT", width: str = "1m") -> str:
        view = urllib.parse.urlencode({"venue": "binance", "symbol": symbol, "width": width})
        return f"http://{ports.LOOPBACK}:{self.port}/?{view}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    home = tmp_path_factory.mktemp("board")
    running = Board(home)
    running.warehouse.migrate()
    make(running.warehouse)
    with running.warehouse.open() as connection:
        for symbol in ("BTCUSDT", HOSTILE):
            trade_minutes(connection, symbol, [*range(10), *range(15, 20)])
            know_book(connection, symbol, [*range(10), *range(15, 20)])
        connection.execute(
            "insert into marts.fct_feed_gaps values ('binance', 'BTCUSDT', 'trade_ids', ?, ?, 7, 'open')",
            [NOON + timedelta(minutes=9, seconds=30), NOON + timedelta(minutes=15, seconds=30)],
        )
        connection.execute(
            "insert into marts.fct_trades values ('binance', ?, 1, ?, 101.25, 0.5, 'buy')", [HOSTILE, NOON]
        )
    nobody = f"{ports.LOOPBACK}:{ports.free_port()}"
    environment = {**os.environ, "TICKHOUSE_HOME": str(home), "KAFKA_BOOTSTRAP_SERVERS": nobody}
    command = [str(programs() / "tickhouse"), "board", "--port", str(running.port)]
    process = subprocess.Popen(command, env=environment)
    try:
        awaited("the board", lambda: ports.answers(running.port))
        yield running
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def page(browser: Browser, board: Board) -> Iterator[Page]:
    """Whatever is opened: nothing was refused or failed in the browser."""
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []


def shown(page: Page, what: str) -> list[dict[str, Any]]:
    """The chart's own data, once there is some."""
    return awaited(what, lambda: page.evaluate(f"window.shown ? window.shown.{what}() : []"))


def minutes_of(points: list[dict[str, Any]], name: str) -> dict[int, float]:
    """By minute since noon, those that have a value."""
    noon = NOON.replace(tzinfo=UTC).timestamp()
    return {round((point["time"] - noon) / 60): point[name] for point in points if name in point}


def test_candles_and_vwap_are_the_marts_and_what_is_missing_is_pale(page: Page, board: Board) -> None:
    page.goto(board.url())
    candles = shown(page, "candles")
    traded = [*range(10), *range(15, 20)]
    quiet = dict.fromkeys(range(10, 15), 110)
    assert minutes_of(candles, "close") == {minute: 101 + minute for minute in traded} | quiet
    assert minutes_of(candles, "high") == {minute: 102 + minute for minute in traded} | quiet
    pale = {minute for minute, color in minutes_of(candles, "color").items() if len(str(color)) == 9}
    assert pale == quiet.keys()
    assert minutes_of(shown(page, "vwap"), "value") == {minute: 100.25 + minute for minute in traded}
    assert set(minutes_of(shown(page, "gaps"), "value")) == set(range(9, 16))


def test_an_unknown_book_is_a_hole_and_is_said(page: Page, board: Board) -> None:
    page.goto(board.url())
    spread = shown(page, "spread")
    known = {round(point["time"] - spread[0]["time"]): point["value"] for point in spread}
    assert known == {second: 2 + second for second in [*range(10), *range(15, 20)]}
    expect(page.locator("#book .ask")).to_have_text(["100.544"])
    with board.warehouse.open() as connection:
        lost = NOON + timedelta(seconds=20)
        connection.execute(
            "insert into marts.fct_book_epochs values ('binance', 'BTCUSDT', ?, null, 'gap', null)", [lost]
        )
    expect(page.locator("#book-state")).to_have_text("unknown since 12:00:20.000: gap")
    expect(page.locator("#book tbody tr")).to_have_count(0)


def test_what_is_held_is_made_for_what_is_shown_alone(tmp_path: Path) -> None:
    """Two thousand changes of a book a day apart took 2.7 GB, as many trades longer than a look may."""
    warehouse = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    warehouse.migrate()
    make(warehouse)
    days = range(0, -500, -1)
    with warehouse.open() as connection:
        know_book(connection, "BTCUSDT", [86_400 * day + second for day in days for second in (0, 10)])
        trade_minutes(connection, "BTCUSDT", [24 * 60 * day for day in days])
        found = read_view(connection, View("binance", "BTCUSDT", "1m"))
    noon = NOON.replace(tzinfo=UTC).timestamp()
    tops, candles = found["tops"], found["candles"]
    assert [top["window_start_at"] - noon for top in tops] == list(range(-289, 11))
    assert [top["spread_bps"] for top in tops[-12:]] == [2 + 10 - 86_400, *[2] * 10, 12]
    assert [candle["window_start_at"] - noon for candle in candles] == list(range(-299 * 60, 1, 60))
    assert [candle["close"] for candle in candles[-2:]] == [101 - 24 * 60, 101]
    assert [candle["is_filled"] for candle in candles] == [True] * 299 + [False]


def test_a_late_correction_is_drawn(page: Page, board: Board) -> None:
    page.goto(board.url())
    shown(page, "candles")
    with board.warehouse.open() as connection:
        connection.execute(
            """update marts.fct_candles_1m set close = 77
               where symbol = 'BTCUSDT' and window_start_at = ?""",
            [NOON + timedelta(minutes=3)],
        )
    awaited("the correction", lambda: minutes_of(shown(page, "candles"), "close")[3] == 77)


def test_a_hostile_name_is_text(page: Page, board: Board) -> None:
    page.goto(board.url(HOSTILE))
    assert len(shown(page, "candles")) == 20
    expect(page.locator("#tape tbody tr")).to_have_count(1)
    assert page.locator("#market").evaluate("box => box.selectedOptions[0].text") == f"binance {HOSTILE}"
    assert page.evaluate("window.harmed") is None
    assert page.locator("img").count() == 0


def test_the_address_can_be_shared_and_keys_work(page: Page, board: Board) -> None:
    page.goto(board.url())
    shown(page, "candles")
    page.keyboard.press("1")
    expect(page.locator("#widths [aria-pressed=true]")).to_have_text("1s")
    assert "width=1s" in page.url
    theme = page.locator("html").get_attribute("data-theme")
    page.keyboard.press("t")
    assert page.locator("html").get_attribute("data-theme") != theme


@pytest.mark.parametrize(
    ("name", "scheme", "width"), [("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 390)]
)
def test_nothing_is_cut_off(browser: Browser, board: Board, name: str, scheme: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 860}, color_scheme=scheme)
    page.goto(board.url(HOSTILE))
    shown(page, "candles")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("TICKHOUSE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"board-{name}.png")
    page.close()


def test_the_chart_library_is_what_npm_has_and_its_makers_are_named() -> None:
    text = CHART.read_bytes()
    assert hashlib.sha256(text).hexdigest() == CHECKSUM
    style = re.search(rb'\.innerText="([^"]*)"', text)
    assert style is not None
    assert "sha256-" + b64encode(hashlib.sha256(style[1]).digest()).decode() == LOGO_STYLE
    assert "TradingView" in CHART.with_name("NOTICE").read_text()
    assert "Apache License" in CHART.with_name("LICENSE").read_text()


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/stream?venue=v&symbol=made-up", "/metrics", "/"])
def test_a_page_of_another_site_makes_it_look_at_nothing(board: Board, site: str, path: str) -> None:
    address = f"http://{ports.LOOPBACK}:{board.port}{path}"
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30)
    link = {**headers, "Sec-Fetch-Mode": "navigate"}
    with urllib.request.urlopen(urllib.request.Request(address, headers=link), timeout=30) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/page/../application.py",
        "/page/%2e%2e/application.py",
        "/page/..%2f..%2fcore/settings.py",
        "/page//etc/passwd",
        "/page/%2fetc/passwd",
        f"/stream?symbol={'x' * 101}",
        f"/stream?symbol=x&width={'x' * 10_000}",
        f"/{'x' * 100_000}",
    ],
)
def test_what_no_page_asks_is_refused(board: Board, path: str) -> None:
    """As it is written: a browser or urllib would tidy it."""
    with socket.create_connection((ports.LOOPBACK, board.port), timeout=30) as asked:
        asked.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert re.match(rb"HTTP/1\.1 4\d\d ", asked.recv(2000))


def test_who_asks_slowly_keeps_nobody_out(board: Board) -> None:
    with ExitStack() as held:
        for _ in range(100):
            slow = held.enter_context(socket.create_connection((ports.LOOPBACK, board.port), timeout=30))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        with urllib.request.urlopen(board.url(), timeout=30) as answer:
            assert answer.status == 200


def test_another_host_name_gets_nothing(board: Board) -> None:
    asked = urllib.request.Request(board.url(), headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(asked, timeout=30)
