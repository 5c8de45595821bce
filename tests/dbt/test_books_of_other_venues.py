"""Books of venues that number nothing: what Kraken sees, what its checksum says, what Coinbase recorded."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from ingest.core.message import Message
from ingest.feeds import coinbase
from ingest.feeds.frame import Frame
from ingest.feeds.kraken import KrakenAddresses
from tests.dbt.book_models import OF_BOOKS
from tests.dbt.feeds import START
from tests.dbt.kraken_venue import KrakenVenue
from tests.dbt.log import Record, as_record
from tests.dbt.reference_book import Known, books_of, differing, found_books
from tests.dbt.reference_book import Message as BookMessage
from tests.dbt.test_books import compared
from tests.dbt.test_planted_bugs import planted
from tests.dbt.trial import Project, Trial, open_trial
from tests.support.captures import COINBASE, needs_captures, path_of
from tests.support.exponents import in_exponent_form

KRAKEN = "kraken.books"
LIFE = 1000 * 10**12
BUILT = ("--select", "+fct_book_oracle", "+fct_book_epochs", "+fct_book_ladder", "int_book_levels_current")
OF_KRAKEN = frozenset(
    (
        *OF_BOOKS,
        "int_book_checksums_compared",
        *("stg_binance__book_tickers", "fct_quotes", "fct_book_oracle"),
    )
)


class Listener:
    """Two symbols of the venue, as we publish them; a frame in so many is lost on its way to us."""

    def __init__(self, seed: int, lost: float = 0.0) -> None:
        self._random = Random(seed)
        self._lost = lost
        self.true_books: dict[int, Known] = {}
        """By the offset of the message, what the venue sees after it, where we can know it."""
        self.records: list[Record] = []
        self._offset = 0

    def listen(self, count: int) -> None:
        addresses = KrakenAddresses()
        venues = [KrakenVenue(symbol, self._random) for symbol in ("BTC/USD", "ETH/USD")]
        epochs: dict[str, int | None] = {venue.symbol: None for venue in venues}
        for number in range(count):
            venue = self._random.choice(venues)
            if epochs[venue.symbol] is None or number % 97 == 0:
                payload, kind = venue.snapshot(), "snapshot"
            else:
                payload, kind = venue.update(), "update"
            if kind == "update" and self._random.random() < self._lost:
                continue
            message = addresses.address(Frame(1, payload))
            assert message is not None
            offset = self._publish(message)
            if kind == "snapshot":
                epochs[venue.symbol] = LIFE + offset
            if dict(message.headers)["checksum"] == b"failed":
                epochs[venue.symbol] = None
            elif (epoch := epochs[venue.symbol]) is not None:
                best = (venue.best("bids"), venue.best("asks"))
                self.true_books[offset] = Known("kraken", venue.symbol, epoch, LIFE + offset, *best)

    def seen(self) -> list[Known]:
        return sorted(self.true_books.values(), key=lambda known: known[:4])

    def _publish(self, message: Message) -> int:
        """Offsets have holes."""
        self._offset += self._random.choice([1, 1, 2])
        self.records.append(published(message, self._offset))
        return self._offset


def published(message: Message, offset: int) -> Record:
    headers = [
        {"name": name, "value": value.decode(), "value_bytes": None} for name, value in message.headers
    ]
    at = START + timedelta(milliseconds=40 * offset)
    return {**as_record(message.payload, 0, offset, at), "headers": headers}


def land_in_pieces(trial: Trial, topic: str, records: Sequence[Record], random: Random) -> Iterator[None]:
    """Five batches, each in any order, and not in the order of the log."""
    ends = [*sorted(random.sample(range(len(records)), 4)), len(records)]
    pieces = [list(records[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    for number in (0, 2, 1, 3, 4):
        random.shuffle(pieces[number])
        trial.land(topic, pieces[number])
        yield


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_our_books_are_those_that_the_venue_sees(project: Project, tmp_path: Path, seed: int) -> None:
    listener = Listener(seed)
    listener.listen(400)
    with open_trial(replace(project, chosen=OF_KRAKEN), tmp_path) as trial:
        for _ in land_in_pieces(trial, KRAKEN, listener.records, Random(seed)):
            trial.must_run()
        assert trial.differences_to_rebuild() == {}
        assert differing(found_books(trial), listener.seen()) == []
        count, mismatches = compared(trial)
        assert count > 300
        assert mismatches == 0
        reasons = trial.rows("select distinct end_reason from marts.fct_book_epochs order by all")
        assert reasons == [("reconnect",), (None,)]


def test_a_book_is_unknown_from_a_checksum_that_fails_to_the_next_snapshot(
    project: Project, tmp_path: Path
) -> None:
    listener = Listener(3, lost=0.02)
    listener.listen(400)
    with open_trial(replace(project, chosen=OF_KRAKEN), tmp_path) as trial:
        for _ in land_in_pieces(trial, KRAKEN, listener.records, Random(3)):
            trial.must_run()
        assert differing(found_books(trial), listener.seen()) == []
        assert compared(trial)[1] == 0
        reasons = trial.rows("select distinct end_reason from marts.fct_book_epochs order by all")
        assert reasons == [("checksum",), ("reconnect",), (None,)]


def test_the_oracle_sees_what_was_lost_behind_the_publisher(trial: Trial) -> None:
    listener = Listener(4)
    listener.listen(60)
    trial.land(KRAKEN, [record for number, record in enumerate(listener.records) if not 30 <= number < 36])
    trial.must_run(*BUILT)
    assert compared(trial)[1] > 0
    assert trial.test("--select", "nothing_mismatches_fct_book_oracle_") == {
        "nothing_mismatches_fct_book_oracle_": "fail"
    }


def test_however_numbers_are_written_the_checksum_is_reckoned(trial: Trial) -> None:
    """Twenty decimals stopped the model; in exponent form a number has as many as it says."""
    listener = Listener(5)
    listener.listen(60)
    records = [in_exponent_form(record) if n % 2 else record for n, record in enumerate(listener.records)]
    records[30] = {
        **listener.records[30],
        "payload": re.sub(r'("qty":\d+\.\d+)', r"\g<1>" + "0" * 20, str(listener.records[30]["payload"])),
    }
    trial.land(KRAKEN, records)
    trial.must_run(*BUILT)
    count, mismatches = compared(trial)
    assert (count > 40, mismatches) == (True, 1)


@pytest.mark.slow
@needs_captures
def test_recorded_books_of_coinbase(trial: Trial) -> None:
    """Each against a book that plain Python keeps from the frames alone."""
    lines = path_of(COINBASE).read_text().splitlines()
    payloads = [line[line.index("{") :].encode() for line in lines if ": {" in line and "<-" not in line]
    addressed = [coinbase.address(Frame(1, payload)) for payload in payloads]
    messages = [message for message in addressed if message and message.topic == "coinbase.books"]
    records = [published(message, offset) for offset, message in enumerate(messages)]
    for _ in land_in_pieces(trial, "coinbase.books", records, Random(1)):
        trial.must_run(*BUILT)
    expected = books_of(of_coinbase(message, offset) for offset, message in enumerate(messages))
    assert len(expected) == 9729
    assert differing(found_books(trial), expected) == []


def of_coinbase(message: Message, offset: int) -> BookMessage:
    body, place = json.loads(message.payload or b""), LIFE + offset
    product = body["product_id"]
    if body["type"] == "snapshot":
        return BookMessage("coinbase", product, "snapshot", place, place, None, body["bids"], body["asks"])
    sides: dict[str, list[tuple[str, str]]] = {"buy": [], "sell": []}
    for side, price, quantity in body["changes"]:
        sides[side].append((price, quantity))
    return BookMessage("coinbase", product, "diff", place, place, 0, sides["buy"], sides["sell"])


def test_a_change_of_no_side_is_refused(trial: Trial) -> None:
    changes = [["buy", "1", "2"]], [["hold", "1", "2"]], [["sell", "1"]], [["sell", "x", "1"]], []
    payloads = [
        {"type": "l2update", "product_id": "X", "changes": change, "time": "2026-01-01T12:00:00Z"}
        for change in changes
    ]
    messages = [coinbase.address(Frame(1, json.dumps(payload).encode())) for payload in payloads]
    trial.land("coinbase.books", [published(m, offset) for offset, m in enumerate(messages) if m])
    trial.must_run("--select", "+stg_coinbase__book_levels")
    found = trial.rows(
        "select rejected_reason from staging.stg_coinbase__book_messages order by kafka_offset"
    )
    assert [reason for (reason,) in found] == [None, "bad_levels", "bad_levels", "bad_levels", None]
    assert trial.rows("select side, price, quantity from staging.stg_coinbase__book_levels") == [
        ("bid", Decimal(1), Decimal(2))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (
            "models/staging/kraken/stg_kraken__book_levels.sql",
            '"dropped_bids", "dropped_asks", first_place=1000000',
            '"dropped_bids", "dropped_bids", first_place=1000000',
        ),
        (
            "models/intermediate/int_book_messages_sequenced.sql",
            "is_broken or follows_sequence > previous_sequence",
            "follows_sequence > previous_sequence",
        ),
        (
            "models/staging/kraken/stg_kraken__book_messages.sql",
            'numbers_as_text("payload", ["price", "qty"])',
            '"payload"',
        ),
        ("macros/book/feeds.sql", "kafka_offset as bigint", "landed_batch_id as bigint"),
    ],
    ids=[
        "what fell out stays",
        "a failed checksum is ignored",
        "digits are not as written",
        "order of landing",
    ],
)
def test_a_bug_there_is_found(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, right: str, wrong: str
) -> None:
    monkeypatch.setattr(*planted(project.manifest, file, right, wrong))
    with pytest.raises(AssertionError):
        test_a_book_is_unknown_from_a_checksum_that_fails_to_the_next_snapshot(project, tmp_path)
