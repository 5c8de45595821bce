"""What the UI is told: sums since it was told last, seldom; a change of colour at once; raw before dbt."""

import time
from types import SimpleNamespace

import dagster as dg
import pytest

from ingest.core.topics import BY_NAME
from ingest.core.window import Partition, Window
from ingest.warehouse.protocol import Landed
from orchestration.checks.raw_tables import CheckResult
from orchestration.dbt.outcome import ModelResult
from orchestration.keys import IS_BUILT, raw_key, topic_key
from orchestration.micro_batch import report as report_module
from orchestration.micro_batch.earlier_reports import EarlierReports
from orchestration.micro_batch.report import Event, Report

TOPIC = BY_NAME["binance.trades"]
RAW, TRADES = raw_key(TOPIC.raw_table), dg.AssetKey(["marts", "fct_trades"])
ASSET_SECONDS, CHECK_SECONDS = 30.0, 300.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(report_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def report(clock: list[float]) -> Report:
    report = Report(asset_seconds=ASSET_SECONDS, check_seconds=CHECK_SECONDS)
    report.tables({RAW: 1}, {})
    return report


def landed(batch_id: int, first: int, end: int, lost: int = 0, life: int | None = None) -> Landed:
    at = Partition(TOPIC.name, 1, 0)
    gone = [Window(at, first - lost, first)] if lost else []
    return Landed(batch_id, TOPIC.name, TOPIC.raw_table, end - first, [Window(at, first, end)], gone, life)


def model(*, fails: bool = False, rows: int | None = 7) -> ModelResult:
    status, message = ("error", "a division by zero") if fails else ("success", "OK 7")
    return ModelResult("model.t.fct_trades", TRADES, status, message, 0.25, rows)


def check(*, passed: bool) -> CheckResult:
    return CheckResult(
        TOPIC.raw_table, "coordinates_unique", passed, metadata={"duplicates": 0 if passed else 3}
    )


def told(events: list[Event]) -> dict[dg.AssetKey, dict[str, object]]:
    """Metadata of what was materialised."""
    return {
        event.asset_key: {name: value.value for name, value in event.metadata.items()}
        for event in events
        if isinstance(event, dg.AssetMaterialization)
    }


def colours(events: list[Event]) -> list[tuple[str, bool]]:
    return [(e.check_name, e.passed) for e in events if isinstance(e, dg.AssetCheckEvaluation)]


def test_batches_are_summed_until_they_are_told(report: Report, clock: list[float]) -> None:
    report.landed(landed(1, 0, 10, life=1), 0.5)
    first = told(list(report.events()))
    assert first[RAW] | {"rows": 10, "batches": 1, "topic_life": 1, "next_offset_0": 10} == first[RAW]
    report.landed(landed(2, 10, 15), 0.5)
    report.landed(landed(3, 17, 20, lost=2), 0.25)
    clock[0] += ASSET_SECONDS - 1
    assert told(list(report.events())) == {}
    clock[0] += 1
    (second,) = told(list(report.events())).values()
    expected = {"rows": 8, "batches": 2, "lost_offsets": 2, "batch_id": 3, "next_offset_0": 20}
    assert second | expected == second
    assert second["turn_seconds"] == 0.25
    clock[0] += ASSET_SECONDS
    assert list(report.events()) == []


def test_raw_is_told_before_what_dbt_made_of_it(report: Report) -> None:
    report.model(model())
    report.landed(landed(1, 0, 10), 0.5)
    assert list(told(list(report.events()))) == [RAW, TRADES]


def test_builds_are_summed_too(report: Report, clock: list[float]) -> None:
    list(report.events())
    for _ in range(3):
        report.model(model())
    metadata = told(list(report.events()))[TRADES]
    assert metadata | {"builds": 3, "build_seconds": 0.75, "rows_written": 21} == metadata


def test_a_model_that_failed_is_not_materialised_and_says_why(report: Report) -> None:
    report.model(model(fails=True))
    (event,) = report.events()
    assert isinstance(event, dg.AssetCheckEvaluation)
    assert (event.asset_key, event.check_name, event.passed) == (TRADES, IS_BUILT, False)
    assert event.description == "```\na division by zero\n```"


def test_a_change_of_colour_is_told_at_once_the_same_colour_seldom(
    report: Report, clock: list[float]
) -> None:
    seen = []
    for passed in (True, True, False, False, True):
        clock[0] += 1
        report.raw_check(check(passed=passed))
        seen.append(colours(list(report.events())))
    name = "coordinates_unique"
    assert seen == [[(name, True)], [], [(name, False)], [], [(name, True)]]
    clock[0] += CHECK_SECONDS
    report.raw_check(check(passed=True))
    assert colours(list(report.events())) == [(name, True)]


def test_a_successor_tells_a_check_after_its_asset_or_in_another_colour(clock: list[float]) -> None:
    other = dg.AssetCheckKey(RAW, "offsets_contiguous")
    report = Report(
        asset_seconds=ASSET_SECONDS,
        check_seconds=CHECK_SECONDS,
        told={RAW: clock[0]},
        told_colours=lambda keys: dict.fromkeys(keys, True),
    )
    report.raw_check(check(passed=True))
    report.raw_check(CheckResult(TOPIC.raw_table, other.name, passed=False))
    assert colours(list(report.events())) == [(other.name, False)]
    report.landed(landed(1, 0, 10), 0.5)
    clock[0] += ASSET_SECONDS
    materialisation, *checks = report.events()
    assert isinstance(materialisation, dg.AssetMaterialization)
    assert colours(checks) == [("coordinates_unique", True)]
    report.raw_check(check(passed=True))
    assert list(report.events()) == []


def test_a_check_that_was_not_looked_at_again_is_not_told_again(report: Report, clock: list[float]) -> None:
    report.raw_check(check(passed=False))
    list(report.events())
    clock[0] += 10 * CHECK_SECONDS
    assert list(report.events()) == []


def test_warnings_stay_warnings(report: Report) -> None:
    report.raw_check(CheckResult(TOPIC.raw_table, "fresh", passed=False, is_warning=True))
    (event,) = report.events()
    assert isinstance(event, dg.AssetCheckEvaluation)
    assert event.severity is dg.AssetCheckSeverity.WARN


def test_the_lag_of_a_topic_is_told_as_often_as_an_asset(report: Report, clock: list[float]) -> None:
    lags = []
    for lag in (5, 4, 3):
        report.lag({TOPIC.name: lag})
        lags += [
            (event.asset_key, event.metadata["lag"].value)
            for event in report.events()
            if isinstance(event, dg.AssetObservation)
        ]
        clock[0] += ASSET_SECONDS / 2
    assert lags == [(topic_key(TOPIC), 5), (topic_key(TOPIC), 3)]


def test_at_the_end_everything_left_is_told(report: Report, clock: list[float]) -> None:
    report.landed(landed(1, 0, 10), 0.5)
    list(report.events())
    report.landed(landed(2, 10, 11), 0.5)
    report.model(model())
    clock[0] += 1
    assert list(told(list(report.events(everything=True)))) == [RAW, TRADES]


def test_a_model_is_not_told_before_its_rows_are_counted(clock: list[float]) -> None:
    report = Report(asset_seconds=ASSET_SECONDS, check_seconds=CHECK_SECONDS, counted={TRADES})
    report.landed(landed(1, 0, 10), 0.5)
    report.model(model())
    report.tables({RAW: 10}, {})
    assert list(told(list(report.events()))) == [RAW]
    report.tables({TRADES: 7}, {})
    assert told(list(report.events()))[TRADES]["dagster/row_count"] == 7


def test_each_report_of_a_table_has_its_rows_and_its_preview(report: Report, clock: list[float]) -> None:
    report.tables({TRADES: 123}, {TRADES: {"newest": dg.MetadataValue.md("| a |")}})
    seen = []
    for _ in range(2):
        report.model(model())
        seen.append(told(list(report.events()))[TRADES])
        clock[0] += ASSET_SECONDS
    assert [metadata["dagster/row_count"] for metadata in seen] == [123, 123]
    assert [metadata.get("newest") for metadata in seen] == ["| a |", "| a |"]


def test_what_people_watch_is_told_each_minute(clock: list[float]) -> None:
    report = Report(asset_seconds=300, check_seconds=CHECK_SECONDS, watched={TRADES})
    report.tables({TRADES: 1}, {})
    times = []
    for clock[0] in range(1000, 1200, 20):
        report.landed(landed(1, 0, 5), 0.1)
        report.model(model())
        times += [(clock[0], key) for key in told(list(report.events()))]
    assert times == [(1000, RAW), (1000, TRADES), (1060, TRADES), (1120, TRADES), (1180, TRADES)]


def test_a_topic_without_messages_is_not_told_of(report: Report, clock: list[float]) -> None:
    seen = []
    for clock[0], lag in ((1000, 0), (1100, 7), (1200, 7), (1300, 0), (1400, 0)):
        report.lag({TOPIC.name: lag})
        seen += [event.metadata["lag"].value for event in report.events()]
    assert seen == [7, 7, 0]
    report.landed(landed(1, 0, 5), 0.1)
    clock[0] += 100
    assert topic_key(TOPIC) in {event.asset_key for event in report.events()}


def test_a_run_that_is_relieved_tells_all_that_landed_and_leaves_models_to_the_next(report: Report) -> None:
    for _ in range(2):
        list(report.events())
        report.landed(landed(1, 0, 5), 0.1)
        report.model(model())
    list(report.events())
    report.landed(landed(2, 5, 9), 0.1)
    report.model(model())
    assert set(told(list(report.events(all_raw=True)))) == {RAW}


def test_a_successor_goes_on_where_its_predecessor_stopped(clock: list[float]) -> None:
    """What the history says, on the clock of the process that asks."""
    with dg.instance_for_test() as instance:

        @dg.asset(key=TRADES, check_specs=[dg.AssetCheckSpec(name, asset=TRADES) for name in ("good", "bad")])
        def trades() -> dg.MaterializeResult:
            results = [
                dg.AssetCheckResult(check_name=name, passed=name == "good") for name in ("good", "bad")
            ]
            return dg.MaterializeResult(check_results=results)

        assert dg.materialize([trades], instance=instance).success
        earlier = EarlierReports(instance)
        before = earlier.assets()
        good, bad, never = (dg.AssetCheckKey(TRADES, name) for name in ("good", "bad", "never"))
        assert earlier.checks({good, bad, never}) == {good: True, bad: False}
    assert before.keys() == {TRADES}
    now = time.monotonic()
    assert now - 60 < before[TRADES] <= now
    clock[0] = now
    report = Report(asset_seconds=300, check_seconds=300, told=before)
    report.tables({TRADES: 1}, {})
    report.model(model())
    events = list(report.events())
    assert not told(events)
    assert [event.check_name for event in events if isinstance(event, dg.AssetCheckEvaluation)] == [IS_BUILT]
