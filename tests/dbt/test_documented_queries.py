"""Every query that README and docs/queries.md show is answered, and by more than silence."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ingest.core.settings import PROJECT_ROOT
from tests.dbt.captured import land_changes
from tests.dbt.feeds import START, BookTickers
from tests.dbt.log import as_record
from tests.dbt.marts_page import marts_page
from tests.dbt.test_bars_of_every_feed import tick_records
from tests.dbt.test_book_measures import land_books
from tests.dbt.test_trends import minute_bars
from tests.dbt.test_venue_tables import land_answers
from tests.dbt.trades import binance_trade, land, made_up_trades
from tests.dbt.trial import Project, Trial, open_trial

MARTS_PAGE = PROJECT_ROOT / "docs" / "marts.md"
QUERIES = {
    " ".join(query.split())[:70]: query
    for name in ("README.md", "docs/queries.md")
    for query in re.findall(r"```sql\n(.*?)```", (PROJECT_ROOT / name).read_text(), re.DOTALL)
}


@pytest.fixture(scope="module")
def built(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with open_trial(project, tmp_path_factory.mktemp("queries")) as trial:
        land(trial, made_up_trades(seed=1, count=600))
        tickers = BookTickers(Random(1))
        quotes = [as_record(tickers.payload(), 0, n, START + timedelta(minutes=n)) for n in range(90)]
        trial.land("binance.book_tickers", quotes)
        bars = minute_bars([100 + n % 7 for n in range(20)])
        trial.land("replay.ohlcv", [*bars, {**bars[0], "kafka_offset": 20, "payload": '{"open":"x"}'}])
        trial.land(
            "simulated.ticks", tick_records([(n, str(70 + n % 3), str(71 + n % 3)) for n in range(90)])
        )
        land_books(trial)
        land_answers(trial)
        land_changes(trial)
        land(trial, [binance_trade("BTCUSDT", 10**6, "12:00:03", "100", "1")], first_offset=10**4)
        trial.must_run()
        yield trial


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_is_answered(built: Trial, query: str) -> None:
    assert built.rows(query)


def test_the_page_of_all_marts_is_what_the_project_says(built: Trial, tmp_path: Path) -> None:
    page = marts_page(built, tmp_path)
    if "TICKHOUSE_MARTS_PAGE" in os.environ:
        MARTS_PAGE.write_text(page)
    assert MARTS_PAGE.read_text() == page, "`make marts` writes it anew."
