"""What somebody sees who opens the UI: the lineage from topic to mart, green, checks that passed, pictures.

`make pictures` keeps what they see, in docs/images: TICKHOUSE_SCREENSHOTS is the folder.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest.operations.child import programs
from ingest.services import ports
from tests.e2e.live_stack import LiveStack, awaited
from tests.e2e.test_live_stack import not_green
from tests.support.browser import chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def green(stack: LiveStack) -> None:
    awaited("green assets and checks", lambda: not not_green(stack))


@pytest.fixture
def page(browser: Browser, green: None) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1800, "height": 1000})
    page.set_default_timeout(60_000)
    yield page
    page.close()


def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("TICKHOUSE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_lineage_runs_from_topic_to_mart(page: Page, stack: LiveStack) -> None:
    # Wide enough that the UI does not shrink the graph to boxes without names.
    page.set_viewport_size({"width": 3000, "height": 1000})
    page.goto(f"{stack.url}/assets/marts/fct_candles_1s?view=lineage&lineageScope=upstream&lineageDepth=4")
    of_venues = [
        name
        for venue in ("binance", "coinbase", "kraken")
        for name in (f"{venue}.trades", f"{venue}_trades", f"stg_{venue}__trades")
    ]
    for name in (*of_venues, "fct_trades", "fct_candles_1s"):
        expect(page.get_by_text(name, exact=True).last).to_be_visible()
    # Of each venue what lies behind the topic, and what stands on all of them.
    expect(page.get_by_text("Materialized", exact=True)).to_have_count(3 * 2 + 2)
    expect(page.get_by_text("Never materialized")).to_have_count(0)
    keep(page, "lineage")


def test_a_mart_shows_its_rows_and_passing_checks(page: Page, stack: LiveStack) -> None:
    page.goto(f"{stack.url}/assets/marts/fct_candles_1m?view=checks")
    expect(page.get_by_text("is_built").first).to_be_visible()
    expect(page.get_by_text("Passed").first).to_be_visible()
    expect(page.get_by_text("Failed", exact=True)).to_have_count(0)
    keep(page, "checks")
    page.goto(f"{stack.url}/assets/marts/fct_candles_1m")
    expect(page.get_by_text("Row count").first).to_be_visible()
    keep(page, "candles")


PICTURED = ("fct_candles_1m", "fct_vwap_session", "fct_book_top", "fct_book_depth_1s", "fct_book_ladder")
DRAWN = "document.querySelector('img[src^=\"data:image/svg\"]')?.naturalWidth > 0"
CANDLES = 40
COLOURS = """image => {
    const canvas = document.createElement("canvas")
    canvas.width = image.naturalWidth, canvas.height = image.naturalHeight
    const context = canvas.getContext("2d")
    context.drawImage(image, 0, 0)
    return new Set(new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size
}"""
"""How many colours its pixels have."""


def is_opened(page: Page, url: str) -> bool:
    """A small picture stands on the page, a large one in a dialog. A report that comes meanwhile closes the
    dialog of the one before it: then once more."""
    page.goto(url)
    row = page.get_by_role("row").filter(has=page.get_by_text("picture", exact=True)).first
    show = row.get_by_text("Show markdown", exact=False)
    expect(row.locator("img").or_(show).first).to_be_visible(timeout=60_000)
    if show.count():
        show.click()
    try:
        # Asked from here: the page's own policy lets no text be run that comes later.
        awaited("the picture", lambda: page.evaluate(DRAWN), seconds=15)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("mart", PICTURED)
def test_a_picture_is_drawn_on_the_page_of_its_mart(page: Page, stack: LiveStack, mart: str) -> None:
    # Most marts report each five minutes.
    awaited(
        "a report with a picture",
        lambda: "picture" in stack.latest_metadata(f"marts/{mart}"),
        seconds=400,
    )
    awaited("the picture", lambda: is_opened(page, f"{stack.url}/assets/marts/{mart}") or None)
    shown = page.locator('img[src^="data:image/svg"]')
    size = shown.bounding_box()
    assert size is not None
    assert size["width"] > 100
    assert size["height"] > 50
    assert shown.evaluate(COLOURS) > 2, "its ground, a shape, its edge"
    keep(page, mart)


@pytest.fixture
def board(stack: LiveStack) -> Iterator[str]:
    """The address of a board on what the stack builds."""
    port = ports.free_port()
    environment = {**os.environ, "TICKHOUSE_HOME": str(stack.home)}
    process = subprocess.Popen([programs() / "tickhouse", "board", "--port", str(port)], env=environment)
    try:
        awaited("the board", lambda: ports.answers(port))
        yield f"http://{ports.LOOPBACK}:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_the_board_moves_with_the_market(page: Page, board: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto(f"{board}/?venue=simulated&symbol=BTCUSDT&width=1s")
    expect(page.locator("#book tbody tr")).not_to_have_count(0)
    newest = page.locator("#tape tbody tr").first
    seen = newest.inner_text()
    expect(newest).not_to_have_text(seen)
    awaited("a minute of candles", lambda: page.evaluate("window.shown?.candles().length ?? 0") >= CANDLES)
    keep(page, "board")
