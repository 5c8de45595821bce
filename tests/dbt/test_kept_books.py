"""A book outlives its only snapshot: after a prune it goes on from the first whole book that was kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ingest.core.topics import BY_NAME
from ingest.warehouse import retention
from ingest.warehouse.connection import transaction
from ingest.warehouse.duckdb.warehouse import new_batch
from ingest.warehouse.models import Model
from tests.dbt.book_models import OF_BOOKS
from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import as_record
from tests.dbt.reference_book import Known, books_of, differing, found_books
from tests.dbt.reference_book import Message as BookMessage
from tests.dbt.test_pruned_equals_rebuild import _floors_at_minutes  # noqa: F401
from tests.dbt.trial import Project, Trial, open_trial

DEPTH = "binance.depth"
SYMBOLS = ("BTCUSDT", "ETHUSDT")
SECONDS = 5
PRUNED = [replace(BY_NAME[DEPTH], raw_retention=timedelta(minutes=4))]


class OneSnapshot:
    """Two books, each with a snapshot at the start and a change every few seconds ever after."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._sent = 0
        self.messages: list[BookMessage] = []

    def batch(self, count: int) -> list[dict[str, object]]:
        """The next messages, of both books in turn."""
        return [self._record() for _ in range(count)]

    def books(self) -> list[Known]:
        return books_of(self.messages)

    def _record(self) -> dict[str, object]:
        number, self._sent = self._sent, self._sent + 1
        turn, symbol = number // 2, SYMBOLS[number % 2]
        at = START + timedelta(seconds=SECONDS * turn)
        last = 100 + turn
        kind = "diff" if turn else "snapshot"
        bids, asks = (self._levels(20 if kind == "snapshot" else 3) for _ in "ba")
        follows = last - 1 if turn else None
        self.messages.append(BookMessage("binance", symbol, kind, last, last, follows, bids, asks))
        body: dict[str, object] = {"lastUpdateId": last, "bids": bids, "asks": asks}
        if turn:
            body = {"E": epoch_ms(at), "s": symbol, "U": last, "u": last, "b": bids, "a": asks}
        return dict(as_record(json.dumps(body).encode(), number % 2, turn, at, symbol=symbol))

    def _levels(self, most: int) -> list[tuple[str, str]]:
        return [
            (f"{self._random.randint(1, 40) / 2:.1f}", self._random.choice(["0.0", "1.5", "2.0"]))
            for _ in range(most)
        ]


@pytest.fixture
def trial(project: Project, tmp_path: Path) -> Iterator[Trial]:
    with open_trial(replace(project, chosen=OF_BOOKS), tmp_path / "home") as opened:
        yield opened


def land(trial: Trial, records: Sequence[dict[str, object]]) -> None:
    """As if at the time when the last of them was published."""
    batch_id = trial.land(DEPTH, records)
    trial.connection.execute(
        f"""update ops.batches set committed_at = (select max(published_at) from raw.binance_depth)
            where batch_id = {batch_id}"""
    )
    trial.must_run()


def prune(trial: Trial, models: list[Model]) -> None:
    [(now,)] = trial.rows("select max(committed_at) from ops.batches where kind = 'landing'")
    with transaction(trial.connection):
        [pruned] = retention.prune(trial.connection, PRUNED, models, now, new_batch)
        trial.connection.execute("update ops.batches set committed_at = ? where kind = 'prune'", [now])
    assert pruned.deleted["raw.binance_depth"] > 0
    assert trial.rows("select count(*) from raw.binance_depth where payload like '%lastUpdateId%'") == [(0,)]


@pytest.mark.parametrize("prunes", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_it_goes_on_after_its_snapshot_is_pruned(trial: Trial, models: list[Model], prunes: int) -> None:
    feed = OneSnapshot(prunes)
    land(trial, feed.batch(120))
    for _ in range(prunes):
        land(trial, feed.batch(120))
        prune(trial, models)
        trial.must_run()
    land(trial, feed.batch(20))
    found = {(known.symbol, known.sequence): known for known in found_books(trial)}
    expected = {(known.symbol, known.sequence): known for known in feed.books()}
    assert {key: known[4:] for key, known in found.items()} == {key: expected[key][4:] for key in found}
    # From the first whole book behind the floor on, which is two minutes away at most.
    first = {symbol: min(sequence for of, sequence in found if of == symbol) for symbol in SYMBOLS}
    [(floor,)] = trial.rows(f"select kept_from from ops.retention where topic = '{DEPTH}'")
    behind = (floor - START.replace(tzinfo=None)).total_seconds() / SECONDS + 100
    assert all(behind <= sequence <= behind + 120 / SECONDS for sequence in first.values())
    assert len(found) == sum(sequence >= first[symbol] for symbol, sequence in expected)
    assert trial.differences_to_rebuild() == {}


def test_without_it_the_book_is_lost(
    trial: Trial, models: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "keep_books", lambda *_: None)
    feed = OneSnapshot(1)
    for _ in range(2):
        land(trial, feed.batch(120))
    prune(trial, models)
    trial.must_run()
    assert found_books(trial) == []


def test_a_kept_book_stays_kept_when_a_snapshot_of_the_venue_says_the_same(
    trial: Trial, models: list[Model]
) -> None:
    feed = OneSnapshot(2)
    for _ in range(2):
        land(trial, feed.batch(120))
    prune(trial, models)
    trial.must_run()
    before = found_books(trial)
    [(sequence,)] = trial.rows(f"select max(sequence) from ops.kept_books where symbol = '{SYMBOLS[0]}'")
    body = json.dumps({"lastUpdateId": sequence, "bids": [], "asks": []}).encode()
    land(trial, [dict(as_record(body, 0, 900, START + timedelta(minutes=9), symbol=SYMBOLS[0]))])
    assert differing(found_books(trial), before) == []
    assert trial.differences_to_rebuild() == {}


def test_the_ladder_is_dropped_before_the_messages_are(trial: Trial, models: list[Model]) -> None:
    feed = OneSnapshot(4)
    land(trial, feed.batch(60))
    land(trial, feed.batch(20))
    short_lived = [
        replace(model, keeps_at_most=timedelta(seconds=20)) if model.keeps_at_most else model
        for model in models
    ]
    [(now,)] = trial.rows("select max(committed_at) from ops.batches")
    long_lived = [replace(topic, raw_retention=timedelta(days=7)) for topic in PRUNED]
    with transaction(trial.connection):
        [pruned] = retention.prune(trial.connection, long_lived, short_lived, now, new_batch)
    assert pruned.deleted == {"marts.fct_book_ladder": 60}
    # What comes again does not bring them back; the top of the book stays.
    trial.replay(DEPTH, 1, 1)
    land(trial, feed.batch(2))
    assert trial.rows("select count(*) from marts.fct_book_ladder") == [(22,)]
    assert trial.rows("select count(*) from marts.fct_book_top") == [(82,)]
    assert trial.differences_to_rebuild() == {}
