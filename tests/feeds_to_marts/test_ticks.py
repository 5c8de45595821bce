"""Ticks go through Kafka to staging; each fault has its reason; the audit finds what no single tick shows."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from ingest.core.message import Message
from ingest.feeds.simulated.clock import RateClock
from ingest.feeds.ticks import TickFaults, TickSimulator
from tests.dbt.feeds import START
from tests.dbt.log import as_record
from tests.dbt.trial import Trial
from tests.feeds_to_marts.pipeline import Pipeline

DAY = "2026-03-01"
TICK = {
    "symbol": "TTF-GAS",
    "event_time": "2026-01-01T11:59:59.5Z",
    "received_time": "2026-01-01T11:59:59.6Z",
}
TICK |= {"bid_price": 31.2, "bid_volume": 0, "ask_price": 31.21, "ask_volume": 7, "sequence_id": 5}

CASES: list[tuple[dict[str, Any], str | None]] = [
    (TICK, None),
    *[({**TICK, field: None}, "missing_field") for field in TICK],
    *[({k: v for k, v in TICK.items() if k != field}, "missing_field") for field in TICK],
    ({**TICK, "sequence_id": "x"}, "not_a_number"),
    ({**TICK, "ask_price": "x"}, "not_a_number"),
    ({**TICK, "bid_price": 0}, "not_positive"),
    ({**TICK, "ask_price": -1}, "not_positive"),
    ({**TICK, "bid_volume": -1}, "negative_volume"),
    ({**TICK, "bid_price": 31.21}, "crossed"),
    ({**TICK, "bid_price": 31.22}, "crossed"),
    ({**TICK, "event_time": "noon"}, "bad_time"),
    ({**TICK, "received_time": "noon"}, "bad_time"),
    ({**TICK, "ask_volume": 8}, "conflicting_duplicate"),
    (TICK, None),
]


def test_each_fault_has_its_reason(trial: Trial) -> None:
    records = [
        as_record(json.dumps(tick).encode(), 0, number, START) for number, (tick, _) in enumerate(CASES)
    ]
    trial.land("simulated.ticks", records)
    trial.must_run("--select", "+fct_rejected_records")
    found = dict(trial.rows("select first_offset, rejected_reason from marts.fct_rejected_records"))
    assert [found.get(number) for number in range(len(CASES))] == [reason for _, reason in CASES]
    kept = trial.rows("select sequence_id, message_count from intermediate.int_ticks_deduplicated")
    assert kept == [(5, 3)]


def test_the_same_seed_gives_the_same_ticks_and_all_are_valid() -> None:
    first, second = ([m.payload or b"" for m in islice(simulator(), 500)] for _ in range(2))
    assert first == second
    last: dict[str, int] = {}
    for payload in first:
        tick = json.loads(payload)
        assert 0 < tick["bid_price"] < tick["ask_price"]
        assert min(tick["bid_volume"], tick["ask_volume"]) >= 0
        before = last.setdefault(tick["symbol"], tick["sequence_id"] - 1)
        assert tick["sequence_id"] == before + 1
        last[tick["symbol"]] = tick["sequence_id"]


def simulator() -> Iterator[Message]:
    clock = RateClock(datetime(2026, 3, 1, 12, tzinfo=UTC), 50)
    return TickSimulator(clock, 7, ["TTF-GAS", "EUA"], TickFaults()).messages()


def publish(pipeline: Pipeline, *faults: str) -> None:
    asked = ["--messages", "600", "--rate", "max", "--start", f"{DAY}T12:00:00", "--symbols", "TTF-GAS,EUA"]
    done = pipeline.tickhouse("publish", "ticks", *asked, *(f"--fault={fault}" for fault in faults))
    assert "600 messages" in done.stdout, done.output
    pipeline.land()
    pipeline.build("+fct_rejected_records")


def audited(pipeline: Pipeline, day: str = DAY) -> tuple[int, int, set[str]]:
    """The exit code, how many ticks were looked at, and the rules that were broken."""
    done = pipeline.tickhouse("audit", "--symbol", "ttf-gas", "--date", day, "--format", "json")
    findings = json.loads(done.stdout)
    broken = {finding["rule"] for finding in findings if finding["failed"]}
    assert broken == {finding["rule"] for finding in findings if not finding["passed"]}
    return done.exit_code, findings[0]["checked"], broken


def test_a_good_day_passes_its_audit(pipeline: Pipeline) -> None:
    publish(pipeline)
    assert pipeline.rejected("simulated.ticks") == {}
    assert pipeline.rows("select count(*) from intermediate.int_ticks_deduplicated") == [(600,)]
    assert audited(pipeline) == (0, 300, set())
    tomorrow = datetime.fromisoformat(DAY) + timedelta(days=1)
    done = pipeline.tickhouse("audit", "--symbol", "ttf-gas", "--date", f"{tomorrow:%Y-%m-%d}")
    assert (done.exit_code, done.stdout) == (1, "")
    done = pipeline.tickhouse("audit", "GOLD", "--date", DAY)
    assert "There are ticks of EUA, TTF-GAS then." in done.stderr


def test_a_bad_day_does_not(pipeline: Pipeline) -> None:
    shares = ("missing_field=0.05", "bad_price=0.05", "bad_volume=0.05", "crossed=0.05", "gaps=0.05")
    publish(pipeline, *shares, "old_sequence=0.05")
    assert set(pipeline.rejected("simulated.ticks")) == {
        "missing_field",
        "not_positive",
        "negative_volume",
        "crossed",
        "conflicting_duplicate",
    }
    code, _, broken = audited(pipeline)
    assert code == 1
    assert broken == {
        "every field is there",
        "prices are above zero",
        "volumes are not below zero",
        "bid is below ask",
        "no number comes twice",
        "numbers grow",
        "no number is left out",
    }


@pytest.mark.parametrize("arguments", [["--fault", "floods=1"], ["--symbols", "GOLD"]], ids=" ".join)
def test_what_makes_no_sense_is_refused(pipeline: Pipeline, arguments: list[str]) -> None:
    assert pipeline.tickhouse("publish", "ticks", *arguments).exit_code == 2


def test_a_feed_that_is_started_again_goes_on_and_no_number_is_left_out(pipeline: Pipeline) -> None:
    for faults in ((), ("--faults", "missing_field=0.1,bad_price=0.1")):
        done = pipeline.tickhouse("publish", "ticks", "--messages", "60", "--rate", "max", *faults)
        assert "60 messages" in done.stdout, done.output
    pipeline.tickhouse("publish", "ticks", "--messages", "30", "--rate", "max", "--symbols", "BRENT,NBP-GAS")
    pipeline.land()
    pipeline.build("+int_ticks_deduplicated")
    holes = pipeline.rows(
        """select key, max(number) - min(number), count(distinct number)
            from (select key, cast(payload ->> 'sequence_id' as bigint) as number from raw.simulated_ticks)
            group by all order by all"""
    )
    assert holes == [("BRENT", 54, 55), ("EUA", 39, 40), ("NBP-GAS", 14, 15), ("TTF-GAS", 39, 40)]
