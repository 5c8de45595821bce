"""Binance's REST against a stand-in: five datasets, paged back-fills, the same meaning as the streams'."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds.binance import rest
from ingest.feeds.binance.backfill import PAGE, BinanceBackfill
from ingest.feeds.binance.channels import STREAM_OF_CHANNEL, TOPIC_OF_CHANNEL
from ingest.feeds.binance.markets import spot
from ingest.feeds.binance.polls import BinancePolls, split_array
from ingest.feeds.binance.rest import BinanceRest
from ingest.feeds.simulated import RateClock, SimulatedExchange
from ingest.feeds.simulated.symbols import BTCUSDT
from tests.dbt.log import as_record
from tests.dbt.trial import Trial
from tests.feeds_to_marts.pipeline import Pipeline
from tests.support.stand_in import Answer, Asked, StandIn

AT = 1767225600000
PRICE = b'{"symbol":"BTCUSDT", "price":"93000.10000000"}'
STATS = json.dumps(
    {
        "symbol": "BTCUSDT", "priceChange": "-94.99999800", "priceChangePercent": "-95.960",
        "weightedAvgPrice": "0.29628482", "prevClosePrice": "0.10002000", "lastPrice": "4.00000200",
        "lastQty": "200.00000000", "bidPrice": "4.00000000", "bidQty": "100.0", "askPrice": "4.00000200",
        "askQty": "100.0", "openPrice": "99.00000000", "highPrice": "100.00000000", "lowPrice": "0.10000000",
        "volume": "8913.30000000", "quoteVolume": "15.30000000", "openTime": AT - 86400000, "closeTime": AT,
        "firstId": 28385, "lastId": 28460, "count": 76,
    }
).encode()  # fmt: skip
TRADE = b'{"id":28457,"price":"4.00000100","qty":"12.0","quoteQty":"48.0","time":%d,"isBuyerMaker":true}' % AT
BOOK = b'{"lastUpdateId":7,"bids":[["1","2"]],"asks":[["3","4"]]}'


def kline(minute: int) -> list[object]:
    start = AT + minute * 60_000
    numbers = ["0.01634790", "0.80000000", "0.01575800", "0.01577100", "148976.11427815"]
    return [start, *numbers, start + 59_999, "2434.19055334", 308, "1756.87402397", "28.46694368", "0"]


def agg_trade(number: int) -> dict[str, object]:
    return {"a": number, "p": "0.01633102", "q": "4.7", "f": number, "l": number + 1, "T": AT, "m": True}


def answer(asked: Asked) -> Answer:
    """A venue with 2,500 minutes and as many aggregated trades."""
    parameters = asked.parameters
    match asked.path.removeprefix("/api/v3/"):
        case "ticker/price":
            return Answer(b"[" + PRICE + b',{"symbol":"ETHUSDT","price":"3300.0"}]')
        case "ticker/24hr":
            return Answer(b"[ " + STATS + b" ]")
        case "depth":
            return Answer(BOOK)
        case "trades":
            return Answer(b"[" + TRADE + b"]")
        case "klines":
            first = max((int(parameters.get("startTime", AT)) - AT + 59_999) // 60_000, 0)
            end = min(2_500, (int(parameters.get("endTime", AT + 10**9)) - AT) // 60_000 + 1)
            rows = [kline(minute) for minute in range(first, end)][: int(parameters["limit"])]
            return Answer(json.dumps(rows).encode())
        case "aggTrades":
            first = int(parameters["fromId"])
            rows = [agg_trade(number) for number in range(first, min(first + PAGE, 2_500))]
            return Answer(json.dumps(rows).encode())
    return Answer(b"{}", 404)


@pytest.fixture
def exchange() -> Iterator[StandIn]:
    with StandIn() as exchange:
        exchange.answer = answer
        yield exchange


def market(exchange: StandIn) -> Any:
    return spot(Settings(binance_rest_url=exchange.rest_url))


def test_each_element_of_an_answer_is_a_message_with_its_own_bytes(exchange: StandIn) -> None:
    source = BinancePolls(market(exchange), ["BTCUSDT"], ["prices", "stats", "books", "trades"], 0)
    found = {(m.topic, m.key, m.payload) for m in source.messages()}
    assert found == {
        ("binance.prices", b"BTCUSDT", PRICE),
        ("binance.prices", b"ETHUSDT", b'{"symbol":"ETHUSDT","price":"3300.0"}'),
        ("binance.tickers", b"BTCUSDT", STATS),
        ("binance.depth", b"BTCUSDT", BOOK),
        ("binance.trades", b"BTCUSDT", TRADE),
    }


def test_a_dataset_is_asked_again_when_its_interval_is_over(exchange: StandIn) -> None:
    source = BinancePolls(market(exchange), ["BTCUSDT", "ETHUSDT"], ["books"], 0.01)
    messages = source.messages()
    keys = [message.key for message in islice(messages, 6)]
    messages.close()
    assert keys == [b"BTCUSDT", b"ETHUSDT"] * 3


def test_an_answer_that_is_no_list_is_kept(exchange: StandIn) -> None:
    exchange.answers = [Answer(b'{"oops":1}')]
    (message,) = BinancePolls(market(exchange), ["BTCUSDT"], ["prices"], 0).messages()
    assert (message.topic, message.payload) == ("feeds.events", b'{"oops":1}')


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (b"[]", []),
        (b' [ 1 , {"a":[2,"]"]},\n"x" ] ', [b"1", b'{"a":[2,"]"]}', b'"x"']),
        (b"[1", None),
        (b"[1,", None),
        (b"{}", None),
        (b"", None),
        (b"[x]", None),
    ],
)
def test_lists_are_split_where_their_elements_end(text: bytes, elements: list[bytes] | None) -> None:
    assert split_array(text) == elements


def test_candles_are_filled_page_by_page(exchange: StandIn) -> None:
    source = BinanceBackfill(market(exchange), "BTCUSDT")
    since = datetime.fromtimestamp(AT / 1000, UTC)
    found = list(source.klines(since, datetime.fromtimestamp(AT / 1000 + 2_200 * 60, UTC)))
    assert [json.loads(m.payload or b"")[0] for m in found] == [AT + n * 60_000 for n in range(2_200)]
    assert len(exchange.asked) == 3


def test_aggregated_trades_are_filled_by_their_ids(exchange: StandIn) -> None:
    source = BinanceBackfill(market(exchange), "BTCUSDT")
    found = list(source.agg_trades(100, 2_300))
    assert [json.loads(m.payload or b"")["a"] for m in found] == list(range(100, 2_301))
    assert len(list(source.agg_trades(2_400, 9_999))) == 100


def test_what_would_go_beyond_the_minutes_weight_waits_for_the_next_minute(
    exchange: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, slept = [AT / 1000 + 10.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    async def ask(times: int) -> None:
        async with BinanceRest(market(exchange)) as rest_client:
            for _ in range(times):
                await rest_client.get("depth", {"symbol": "BTCUSDT"}, 50)

    monkeypatch.setattr(rest, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(rest, "time", SimpleNamespace(time=lambda: now[0], time_ns=lambda: 1))
    asyncio.run(ask(96))
    assert slept == []
    asyncio.run(ask(97))
    assert slept == [50.0]
    # Somebody else at our address has used it up.
    exchange.answers = [Answer(BOOK, 200, (("x-mbx-used-weight-1m", "6000"),))]
    asyncio.run(ask(2))
    assert slept == [50.0, 60.0]


def records(messages: list[Message]) -> list[Any]:
    """As they land."""
    return [
        {
            **as_record(message.payload, 0, number, datetime(2027, 1, 1, 12, tzinfo=UTC)),
            "headers": [
                {"name": name, "value": value.decode(), "value_bytes": None}
                for name, value in message.headers
            ],
        }
        for number, message in enumerate(messages)
    ]


def test_what_rest_says_means_what_the_streams_say(exchange: StandIn, trial: Trial) -> None:
    datasets = ["prices", "stats", "trades", "candles"]
    messages = list(BinancePolls(market(exchange), ["BTCUSDT"], datasets, 0).messages())
    messages += list(BinanceBackfill(market(exchange), "BTCUSDT").agg_trades(7, 7))
    for topic in {message.topic for message in messages}:
        trial.land(topic, records([message for message in messages if message.topic == topic]))
    trial.must_run("--select", "+fct_rejected_records")
    assert trial.rows("select rejected_reason from marts.fct_rejected_records") == []
    assert trial.rows("select symbol, price from staging.stg_binance__prices order by 1") == [
        ("BTCUSDT", Decimal("93000.1")),
        ("ETHUSDT", Decimal(3300)),
    ]
    assert trial.rows(
        "select symbol, price_change, close, volume, trade_count from staging.stg_binance__tickers"
    ) == [("BTCUSDT", Decimal("-94.999998"), Decimal("4.000002"), Decimal("8913.3"), 76)]
    assert trial.rows("select symbol, trade_id, price, taker_side from staging.stg_binance__trades") == [
        ("BTCUSDT", 28457, Decimal("4.000001"), "sell")
    ]
    assert trial.rows(
        """select symbol, kline_interval, open, close, volume, notional, trade_count, taker_buy_volume,
               window_end_at - window_start_at = interval 1 minute, is_closed
           from staging.stg_binance__klines order by window_start_at limit 1"""
    ) == [
        (
            *("BTCUSDT", "1m", Decimal("0.0163479"), Decimal("0.015771"), Decimal("148976.11427815")),
            *(Decimal("2434.19055334"), 308, Decimal("1756.87402397"), True, True),
        )
    ]
    assert trial.rows(
        "select symbol, agg_trade_id, last_trade_id, taker_side from staging.stg_binance__agg_trades"
    ) == [("BTCUSDT", 7, 8, "sell")]


def test_the_streams_of_candles_tickers_and_aggregates_are_decoded(trial: Trial) -> None:
    channels = ("agg_trade", "kline_1m", "ticker_24h", "trade")
    exchange = SimulatedExchange(
        RateClock(datetime(2026, 1, 1, 11, 55, tzinfo=UTC), 10),
        7,
        [BTCUSDT],
        {channel: TOPIC_OF_CHANNEL[channel] for channel in channels},
    )
    messages = list(islice(exchange.messages(), 3_000))
    for topic in {TOPIC_OF_CHANNEL[channel] for channel in channels}:
        trial.land(topic, records([message for message in messages if message.topic == topic]))
    trial.must_run("--select", "+fct_rejected_records", "+fct_candles_1m")
    assert trial.rows("select * from marts.fct_rejected_records") == []
    sent = [json.loads(message.payload or b"") for message in messages]
    closed = [body["k"] for body in sent if body["e"] == "kline" and body["k"]["x"]]
    assert closed
    ours = """select close, volume, notional, trade_count, taker_buy_volume from {} where {} order by
              window_start_at"""
    theirs = trial.rows(ours.format("staging.stg_binance__klines", "is_closed"))
    assert theirs == [
        (Decimal(k["c"]), Decimal(k["v"]), Decimal(k["q"]), k["n"], Decimal(k["V"])) for k in closed
    ]
    candles = trial.rows(ours.format("marts.fct_candles_1m", "true"))
    assert candles[: len(theirs)] == theirs
    for table, kind in (("agg_trades", "aggTrade"), ("tickers", "24hrTicker")):
        rows = trial.rows(f"select count(*) from staging.stg_binance__{table}")
        assert rows == [(sum(body["e"] == kind for body in sent),)], table


@pytest.mark.slow
def test_polls_land(exchange: StandIn, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_REST_URL", exchange.rest_url)
    done = pipeline.tickhouse("publish", "polls", "--symbols", "BTCUSDT", "--every", "0")
    assert done.exit_code == 0, done.output
    filled = pipeline.tickhouse(
        *("publish", "backfill", "--symbol", "btcusdt"),
        *("--since", "2026-01-01T00:00:00", "--until", "2026-01-01T01:00:00"),
    )
    assert "60 messages" in filled.stdout, filled.output
    pipeline.land()
    pipeline.build("+fct_rejected_records")
    assert pipeline.rows("select count(*) from staging.stg_binance__klines") == [(1_060,)]
    assert pipeline.rows("select * from marts.fct_rejected_records") == []


def test_streams_that_can_be_asked_for_have_a_topic() -> None:
    assert STREAM_OF_CHANNEL.keys() <= TOPIC_OF_CHANNEL.keys()
