"""Books are those that Python makes of the same messages, and those that the venue itself shows.

recordings of venues, a simulated exchange with faults ─▶ marts ─▶ reference_book.py, bookTicker
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from ingest.core.message import Message
from ingest.feeds.simulated import SYMBOLS, Faults, RateClock, SimulatedExchange, with_faults
from tests.dbt.feeds import START
from tests.dbt.log import Record, as_record
from tests.dbt.recordings import DEPTH, TICKERS, as_records, lines_of_market, lines_of_several
from tests.dbt.reference_book import Known, books_of, differing, expected_books, found_books
from tests.dbt.reference_book import Message as BookMessage
from tests.dbt.trial import Project, Trial, open_trial
from tests.support.captures import FUTURES, SEVERAL_ANSWERS, SEVERAL_STREAMS, SPOT, needs_captures, path_of

RECORDINGS = {
    "spot": (lines_of_market, SPOT),
    "futures": (lines_of_market, FUTURES),
    "several": (lines_of_several, SEVERAL_STREAMS, SEVERAL_ANSWERS),
}
# Books, and those of them that a ticker of the same update id speaks of.
KNOWN = {"spot": (3450, 564), "futures": (6548, 629), "several": (176, 26)}
BY_LAST_TICKER = """
    select count(*), count(*) filter (
        (tops.bid_price, tops.bid_quantity, tops.ask_price, tops.ask_quantity)
        <> (quotes.bid_price, quotes.bid_quantity, quotes.ask_price, quotes.ask_quantity))
    from marts.fct_book_top as tops
    asof join marts.fct_quotes as quotes
        on tops.symbol = quotes.symbol and tops.sequence >= quotes.update_id
"""
FAULTS = Faults(gaps=0.01, duplicates=0.05, out_of_order=0.05, late=0.01, malformed=0.01)


@pytest.fixture
def trial(project: Project, tmp_path: Path) -> Iterator[Trial]:
    """With what messages of books and tickers reach, half of the models."""
    with open_trial(project.fed_by((DEPTH, TICKERS)), tmp_path / "home") as opened:
        yield opened


@pytest.mark.slow
@needs_captures
@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_books(trial: Trial, name: str) -> None:
    lines, *files = RECORDINGS[name]
    records = as_records(lines(*map(path_of, files)))
    random = Random(name)
    for _ in land_in_pieces(trial, records, random, pieces=4):
        trial.must_run()
    found = found_books(trial)
    assert differing(found, expected_books(trial)) == []
    assert (len(found), *compared(trial)) == (*KNOWN[name], 0)
    assert [mismatches for _, mismatches in trial.rows(BY_LAST_TICKER)] == [0]


class Exchange:
    """A run of the simulated exchange: what it sent, and what arrived of it."""

    def __init__(self, seed: int, count: int = 12_000) -> None:
        exchange = SimulatedExchange(RateClock(START, 150), seed, SYMBOLS[:3])
        self.sent: list[Message] = []
        passing = self._noted(islice(exchange.messages(), count))
        self.arrived = list(with_faults(passing, FAULTS, seed, exchange.resync))

    def _noted(self, messages: Iterator[Message]) -> Iterator[Message]:
        for message in messages:
            self.sent.append(message)
            yield message

    def true_books(self) -> set[tuple[object, ...]]:
        depth = [message for message in self.sent if message.topic == DEPTH]
        return {without_epoch(known) for known in books_of(map(as_book_message, depth))}

    def records(self) -> dict[str, list[Record]]:
        """By topic; a symbol has a partition of its own."""
        found: dict[str, list[Record]] = {DEPTH: [], TICKERS: []}
        for message in self.arrived:
            if message.topic in found:
                here, symbol = found[message.topic], message.key.decode()
                partition = [known.name for known in SYMBOLS].index(symbol)
                received_us = int(dict(message.headers)["received_at"]) / 1000
                received_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=received_us)
                here.append(as_record(message.payload, partition, len(here), received_at, symbol=symbol))
        return found


@pytest.mark.parametrize("seed", range(2))
def test_books_of_a_broken_feed(trial: Trial, seed: int) -> None:
    """Lost, doubled, late and disordered messages, snapshots that land last: no book is wrong."""
    random, exchange = Random(seed), Exchange(seed)
    records = exchange.records()
    late = [row for row in records[DEPTH] if "lastUpdateId" in str(row["payload"]) and random.random() < 0.5]
    records[DEPTH] = [row for row in records[DEPTH] if row not in late]
    for _ in land_in_pieces(trial, records, random, pieces=4):
        trial.must_run()
    trial.land(DEPTH, late)
    assert trial.differences_to_rebuild() == {}
    found = found_books(trial)
    assert differing(found, expected_books(trial)) == []
    assert {without_epoch(known) for known in found} <= exchange.true_books()
    count, mismatches = compared(trial)
    assert count > 100
    assert mismatches == 0
    reasons = trial.rows("select distinct end_reason from marts.fct_book_epochs order by all")
    assert reasons == [("gap",), ("new_snapshot",), (None,)]


def land_in_pieces(
    trial: Trial, records: Mapping[str, Sequence[Record]], random: Random, pieces: int
) -> Iterator[None]:
    """So many batches of each topic, cut anywhere, in any order within."""
    cuts = {
        topic: [0, *sorted(random.sample(range(len(rows)), pieces - 1)), len(rows)] if rows else []
        for topic, rows in records.items()
    }
    for piece in range(pieces):
        for topic, rows in records.items():
            if rows:
                batch = list(rows[cuts[topic][piece] : cuts[topic][piece + 1]])
                random.shuffle(batch)
                trial.land(topic, batch)
        yield


def compared(trial: Trial) -> tuple[int, int]:
    """What the oracle compared, and how often it differed."""
    [(count, mismatches)] = trial.rows(
        "select count(*), count(*) filter (not is_match) from marts.fct_book_oracle"
    )
    return count, mismatches


def without_epoch(known: Known) -> tuple[object, ...]:
    return known[:2] + known[3:]


def as_book_message(message: Message) -> BookMessage:
    body, symbol = json.loads(message.payload or b""), message.key.decode()
    if "lastUpdateId" in body:
        at = body["lastUpdateId"]
        return BookMessage("binance", symbol, "snapshot", at, at, None, body["bids"], body["asks"])
    return BookMessage("binance", symbol, "diff", body["U"], body["u"], body["U"] - 1, body["b"], body["a"])
