"""Gaps that REST fills: published through the same topic, closed in fct_feed_gaps; or said to be lost."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import SettingsInvalid
from ingest.core.message import Message, feed_headers
from ingest.core.settings import Settings
from ingest.feeds.binance.fill import BinanceFill, Gap
from ingest.kafka.open import open_publisher
from ingest.operations.fill import MOST_NUMBERS
from tests.feeds_to_marts.pipeline import Pipeline
from tests.feeds_to_marts.test_gaps import AT, asked, asked_kline, streamed_kline, trade
from tests.support.stand_in import Answer, Asked, StandIn

UNKNOWN = range(40, 43)
"""Trades that the venue itself has no more."""
MINUTE = AT // 60_000


def answer(said: Asked) -> Answer:
    """A venue that has had 3,000 trades, and every minute."""
    if said.path.endswith("/historicalTrades"):
        first, limit = int(said.parameters["fromId"]), int(said.parameters["limit"])
        numbers = [n for n in range(first, 3_000) if n not in UNKNOWN][:limit]
        return Answer(b"[" + b",".join(asked(n) for n in numbers) + b"]")
    first, last = (int(said.parameters[name]) // 60_000 - MINUTE for name in ("startTime", "endTime"))
    return Answer(b"[" + b",".join(asked_kline(minute) for minute in range(first, last + 1)) + b"]")


@pytest.fixture
def exchange() -> Iterator[StandIn]:
    with StandIn() as exchange:
        exchange.answer = answer
        yield exchange


def fill(exchange: StandIn, *gaps: Gap) -> list[Message]:
    settings = Settings(binance_rest_url=exchange.rest_url, binance_usdm_rest_url=exchange.rest_url)
    return list(BinanceFill(settings, gaps, (0.01, 0.05)).messages())


def gap(first: int, last: int, **others: str) -> Gap:
    return Gap(
        **{"venue": "binance", "symbol": "BTCUSDT", "kind": "trade_ids", **others}, first=first, last=last
    )


def numbers(messages: list[Message]) -> list[int]:
    return [json.loads(m.payload or b"")["id"] for m in messages if m.topic == "binance.trades"]


def test_just_what_is_missing_is_published_page_after_page(exchange: StandIn) -> None:
    found = fill(exchange, gap(100, 2_350))
    assert numbers(found) == list(range(100, 2_351))
    assert {dict(message.headers)["fills"] for message in found} == {b"trade_ids BTCUSDT 100 2350"}
    assert {dict(message.headers)["channel"] for message in found} == {b"trade_rest"}
    assert [said.parameters["fromId"] for said in exchange.asked] == ["100", "1100", "2100"]


def test_what_the_venue_has_not_is_said(exchange: StandIn) -> None:
    found = fill(exchange, gap(38, 44), gap(2_998, 3_001))
    assert numbers(found) == [38, 39, 43, 44, 2_998, 2_999]
    notes = [json.loads(m.payload or b"")["detail"] for m in found if m.topic == "feeds.events"]
    assert notes == ["trade_ids BTCUSDT 40 42", "trade_ids BTCUSDT 3000 3001"]


def test_candles_are_asked_for_by_their_minutes(exchange: StandIn) -> None:
    found = fill(exchange, gap(MINUTE + 2, MINUTE + 4, kind="klines"))
    assert [message.payload for message in found] == [asked_kline(minute) for minute in (2, 3, 4)]


def test_an_answer_that_is_no_list_fills_nothing_and_closes_nothing(exchange: StandIn) -> None:
    exchange.answers = [Answer(b'{"oops":1}')]
    (message,) = fill(exchange, gap(5, 6))
    assert (message.topic, message.payload) == ("feeds.events", b'{"oops":1}')
    assert dict(message.headers)["channel"] == b"unaddressed"


def test_one_hole_that_is_refused_does_not_keep_the_others_open(exchange: StandIn) -> None:
    exchange.answers = [Answer(b'{"code":-1121,"msg":"Invalid symbol."}', 400)]
    settings = Settings(binance_rest_url=exchange.rest_url)
    found: list[Message] = []
    with pytest.raises(SettingsInvalid, match="Invalid symbol"):
        found.extend(BinanceFill(settings, [gap(1, 2, symbol="NONE"), gap(5, 6)]).messages())
    assert numbers(found) == [5, 6]


def test_futures_without_a_key_are_told_which_setting(exchange: StandIn) -> None:
    exchange.answers = [Answer(b'{"code":-2014,"msg":"API-key format invalid."}', 401)]
    with pytest.raises(SettingsInvalid, match="BINANCE_API_KEY"):
        fill(exchange, gap(5, 6, venue="binance_usdm"))
    assert exchange.asked[0].path == "/fapi/v1/historicalTrades"


def test_the_command_closes_what_can_be_closed(pipeline: Pipeline, exchange: StandIn) -> None:
    here = {
        "TICKHOUSE_HOME": str(pipeline.settings.tickhouse_home),
        "KAFKA_BOOTSTRAP_SERVERS": pipeline.settings.bootstrap_servers,
        "BINANCE_REST_URL": exchange.rest_url,
    }
    streamed = [n for n in range(1, 60) if n not in range(10, 20) and n not in UNKNOWN]
    publish(pipeline, "binance.trades", [trade(n) for n in streamed])
    publish(pipeline, "binance.trades", [trade(60 + MOST_NUMBERS * 2)])
    publish(pipeline, "binance.klines", [streamed_kline(0), streamed_kline(3)])
    pipeline.land()
    pipeline.build("+fct_feed_gaps")
    # As if it had been seen a while ago: REST is not asked for what has just happened.
    pipeline.trial.connection.execute("update staging.stg_binance__klines set published_at = event_at")
    pipeline.trial.connection.execute("update marts.fct_trades set published_at = event_at")
    done = CliRunner().invoke(app, ["fill"], env=here)
    assert done.exit_code == 0, done.output
    assert "3 gaps; published:" in done.output
    pipeline.land()
    pipeline.build("+fct_feed_gaps")
    first = MINUTE + 1
    assert pipeline.rows(
        """select kind, first_missing, last_missing, state from marts.fct_feed_gaps
           where missing_count < 1000 order by 1, 2"""
    ) == [
        ("klines", first, first + 1, "filled"),
        ("trade_ids", 10, 19, "filled"),
        ("trade_ids", 40, 42, "unfillable"),
    ]
    assert CliRunner().invoke(app, ["fill"], env=here).output.startswith("0 gaps")
    fills = pipeline.rows(
        """select count(*) from raw.binance_trades
           where list_contains([header.name for header in headers], 'fills')"""
    )
    assert fills == [(10,)]


def publish(pipeline: Pipeline, topic: str, payloads: list[bytes]) -> None:
    with open_publisher(pipeline.settings) as publisher:
        for payload in payloads:
            headers = feed_headers("binance", "BTCUSDT", "trade", AT * 1_000_000)
            publisher.publish(Message(topic, b"BTCUSDT", payload, headers))
