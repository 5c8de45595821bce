"""What a payload, a symbol or an error text says is shown by the UI, and never acted upon.

Under plain `dagster dev`, which runs mutations that come by GET: escaping must suffice alone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from orchestration.dbt.outcome import ModelResult
from orchestration.micro_batch.report import Report
from orchestration.notify.price_alerts import ALERTS, PriceAlert
from orchestration.preview.market_pictures import vwap_picture
from orchestration.preview.tables import newest_rows
from tests.webserver.code_location import MART, RAW
from tests.webserver.dagster_ui import WIPE, DagsterUi, dagster_ui

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

IMAGE = f"![x](/graphql?query={WIPE})"
TAG = f'<img src="/graphql?query={WIPE}">'
LINK = "[click](https://evil.example) https://evil.example/login www.evil.example"
FENCES = f"``` {IMAGE} ` {IMAGE}\n```\n{IMAGE}\n    ~~~\n\n{TAG}"
NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterUi]:
    with dagster_ui(tmp_path_factory.mktemp("dev"), ["dagster", "dev"]) as running:
        report(running)
        yield running


def report(ui: DagsterUi) -> None:
    """Payloads, a symbol, error texts and an alert, by the functions that bring them to the UI."""
    with duckdb.connect() as connection, ui.history() as history:
        connection.execute(
            "create schema raw; create table raw.binance_trades (batch_id int, payload varchar)"
        )
        rows = [IMAGE, TAG, LINK, "a|b\n\n" + IMAGE]
        connection.executemany("insert into raw.binance_trades values (1, ?)", [[row] for row in rows])
        newest = newest_rows(connection, RAW)
        picture = vwap_picture(market_of(connection, symbol=f"{IMAGE}]({LINK}"))
        assert picture is not None
        history.report_runless_asset_event(dg.AssetMaterialization(RAW, metadata={"newest": newest}))
        history.report_runless_asset_event(dg.AssetMaterialization(MART, metadata={"picture": picture}))
        told = Report(asset_seconds=0, check_seconds=0)
        message = f"Conversion Error: Could not convert string '{FENCES}' to INT64\n{LINK}"
        told.model(ModelResult("model.t.fct_vwap_session", MART, "error", message, 0.1, None))
        told.alert(PriceAlert(IMAGE, LINK, NOON, TAG, 5.0))
        for event in told.events(everything=True):
            history.report_runless_asset_event(event)


def market_of(connection: duckdb.DuckDBPyConnection, symbol: str) -> duckdb.DuckDBPyConnection:
    """Two minutes of a market whose name is what a venue sent."""
    connection.execute(
        """create schema marts;
           create table marts.fct_candles_1m (venue varchar, symbol varchar, window_start_at timestamp,
               close double, volume double, trade_count bigint);
           create table marts.fct_vwap_session (venue varchar, symbol varchar, window_start_at timestamp,
               vwap double, lower_band_2 double, upper_band_2 double)"""
    )
    for minute in range(2):
        key = ["binance", symbol, NOON + timedelta(minutes=minute)]
        connection.execute("insert into marts.fct_candles_1m values (?, ?, ?, 1, 1, 1)", key)
        connection.execute("insert into marts.fct_vwap_session values (?, ?, ?, 1, 1, 1)", key)
    return connection


@pytest.fixture
def page(browser: Browser, ui: DagsterUi) -> Iterator[Page]:
    """Whatever it opens: afterwards nothing was asked by GET, nothing is gone, no link leads away."""
    ui.set_up_victim()
    page = browser.new_page(viewport={"width": 1600, "height": 1400})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "?query=" in request.url else None)
    yield page
    page.wait_for_load_state("networkidle")
    links = page.locator("a[href*='evil']").count()
    page.close()
    assert (asked, ui.is_victim_whole(), links) == ([], True, 0)


def test_payloads_are_shown_as_they_are(page: Page, ui: DagsterUi) -> None:
    page.goto(f"{ui.url}/assets/raw/binance_trades?view=overview")
    for text in (IMAGE, TAG, LINK):
        expect(page.get_by_text(text[:40]).first).to_be_visible()


def test_a_symbol_in_a_picture_s_title_is_text(page: Page, ui: DagsterUi) -> None:
    page.goto(f"{ui.url}/assets/marts/fct_vwap_session?view=overview")
    page.get_by_text("Show Markdown").first.click()
    expect(page.locator(".dagster-markdown img[src^='data:image/svg+xml']").last).to_be_visible()
    expect(page.locator(".dagster-markdown").last).to_contain_text(IMAGE)


def test_an_error_text_in_a_check_is_text(page: Page, ui: DagsterUi) -> None:
    page.goto(f"{ui.url}/assets/marts/fct_vwap_session?view=checks&checkDetail=is_built")
    expect(page.locator(".dagster-markdown").filter(has_text="Conversion Error").first).to_contain_text(TAG)


def test_a_symbol_in_an_alert_is_text(page: Page, ui: DagsterUi) -> None:
    page.goto(f"{ui.url}/assets/{'/'.join(ALERTS.path)}?view=events")
    expect(page.get_by_text(IMAGE[:40]).first).to_be_visible()
