"""Each way a message can be unusable has its name; the others are decoded to the last digit."""

import json
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest

from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import as_record
from tests.dbt.trial import Trial

AT = epoch_ms(START)
TRADE = {"e": "trade", "E": AT, "s": "BTCUSDT", "t": 1, "p": "61837.63", "q": "0.02", "T": AT, "m": True}
TICKER = {"u": 1, "s": "BTCUSDT", "b": "61837.63", "B": "3.78", "a": "61837.64", "A": "1.54"}
DIFF = {"e": "depthUpdate", "E": AT, "s": "BTCUSDT", "U": 1, "u": 2, "b": [["1", "0"]], "a": []}
SNAPSHOT = {"lastUpdateId": 2, "bids": [["61837.63", "3.78"]], "asks": [["61837.64", "1.54"]]}

UNREADABLE: list[tuple[object, str | None]] = [
    (None, "tombstone"),
    (b"\xff", "not_utf8"),
    (b"", "malformed_json"),
    (b'{"s":', "malformed_json"),
    (b"not json", "malformed_json"),
    (b"[]", "missing_field"),
    (b"null", "missing_field"),
    (b'"text"', "missing_field"),
    (b"{}", "missing_field"),
]

TRADES: list[tuple[object, str | None]] = [
    (TRADE, None),
    ({"stream": "btcusdt@trade", "data": {**TRADE, "t": 2}}, None),
    ({**TRADE, "t": 3, "new": {"field": [1]}}, None),
    ({**TRADE, "t": 4, "T": AT * 1000 + 7}, None),
    ({**TRADE, "t": 5, "p": "000012.50", "q": "1."}, None),
    ({**TRADE, "t": 6, "p": "0.0000000001" + 20 * "0"}, None),
    ({**TRADE, "t": 7, "p": 61837.63, "q": 2}, None),
    *[({key: value for key, value in TRADE.items() if key != field}, "missing_field") for field in "stpqTm"],
    ({**TRADE, "s": ""}, "missing_field"),
    ({**TRADE, "s": "X" * 100}, None),
    ({**TRADE, "s": "X" * 101}, "too_long"),
    ({**TRADE, "s": "X" * 1_000_000}, "too_long"),
    ({**TRADE, "m": "perhaps"}, "missing_field"),
    ({**TRADE, "t": "1.5"}, "not_a_number"),
    *[
        ({**TRADE, "p": text}, "not_a_number")
        for text in ("", "abc", "1e", "e5", "1e5.0", "NaN", "1,5", " 1", "0x1", "+1")
    ],
    ({**TRADE, "p": "1" + 12 * "0"}, "out_of_range"),
    ({**TRADE, "q": "1" + 15 * "0"}, "out_of_range"),
    ({**TRADE, "p": 12 * "9", "q": 15 * "9"}, "out_of_range"),
    ({**TRADE, "p": "0.00000000001"}, "loses_digits"),
    ({**TRADE, "q": "1.12345678901"}, "loses_digits"),
    ({**TRADE, "p": "0.000"}, "not_positive"),
    ({**TRADE, "q": "-1"}, "not_positive"),
    *[
        ({**TRADE, "T": time}, "bad_time")
        for time in (17, AT // 1000, AT * 10**6, -AT, AT + 400 * 86_400_000)
    ],
    ({**TRADE, "p": "1"}, "conflicting_duplicate"),
    ({**TRADE, "T": AT + 1}, "conflicting_duplicate"),
    ({**TRADE, "m": False}, "conflicting_duplicate"),
]

TICKERS: list[tuple[object, str | None]] = [
    (TICKER, None),
    ({**TICKER, "u": 2, "b": "61837.64"}, None),
    ({**TICKER, "u": 3, "E": AT, "T": AT}, None),
    *[({key: value for key, value in TICKER.items() if key != field}, "missing_field") for field in "usbBaA"],
    ({**TICKER, "B": "x"}, "not_a_number"),
    ({**TICKER, "A": "0"}, "not_positive"),
    ({**TICKER, "b": "61837.65"}, "crossed"),
    ({**TICKER, "E": 17}, "bad_time"),
    ({**TICKER, "A": "7"}, "conflicting_duplicate"),
]

DEPTH: list[tuple[object, str | None]] = [
    (DIFF, None),
    (SNAPSHOT, None),
    ({**DIFF, "U": 3, "u": 3, "b": [], "a": []}, None),
    ({**DIFF, "U": 4, "u": 4, "pu": 3, "b": [["1", "2", []]]}, None),
    *[({key: value for key, value in DIFF.items() if key != field}, "missing_field") for field in "EsUuba"],
    ({"lastUpdateId": 3, "bids": []}, "missing_field"),
    ({**DIFF, "u": "x"}, "not_a_number"),
    ({**DIFF, "pu": "x"}, "not_a_number"),
    ({**DIFF, "U": 5, "u": 4}, "out_of_range"),
    ({**DIFF, "E": 17}, "bad_time"),
    *[
        ({**DIFF, "b": levels}, "bad_levels")
        for levels in (
            "x",
            {"1": "2"},
            ["1"],
            [["1"]],
            [["1", "x"]],
            [["0", "1"]],
            [["1", "-1"]],
            [[]],
            [None],
        )
    ],
    ({**DIFF, "a": [["1", "0.00000000001"]]}, "bad_levels"),
    ({**DIFF, "b": [["1", "1"]]}, "conflicting_duplicate"),
    ({**SNAPSHOT, "asks": []}, "conflicting_duplicate"),
]


@pytest.mark.parametrize(
    ("topic", "cases"),
    [("binance.trades", TRADES), ("binance.book_tickers", TICKERS), ("binance.depth", DEPTH)],
)
def test_each_reason(trial: Trial, topic: str, cases: list[tuple[object, str | None]]) -> None:
    cases = [*UNREADABLE, *cases]
    headers = [{"name": "symbol", "value": "BTCUSDT", "value_bytes": None}]
    records = [
        {**as_record(_payload(message), 0, offset, START), "headers": headers}
        for offset, (message, _) in enumerate(cases)
    ]
    trial.land(topic, records)
    trial.must_run()
    found = dict(trial.rows("select first_offset, rejected_reason from marts.fct_rejected_records"))
    assert [found.get(offset) for offset in range(len(cases))] == [reason for _, reason in cases]


def _payload(message: object) -> bytes | None:
    return message if message is None or isinstance(message, bytes) else json.dumps(message).encode()


def test_what_is_older_than_retention_is_refused_and_what_was_pruned_stays_gone(trial: Trial) -> None:
    trades = [{**TRADE, "t": number, "T": AT + number * 60_000} for number in range(4)]
    records = [as_record(json.dumps(trade).encode(), 0, number, START) for number, trade in enumerate(trades)]
    pruned = trial.land("binance.trades", records[:2])
    trial.land("binance.trades", records[2:])
    floor = (START + timedelta(minutes=3)).replace(tzinfo=None)
    trial.connection.execute(
        "insert into ops.retention values ('binance.trades', ?, ?, ?)", [floor, pruned, floor]
    )
    trial.must_run()
    assert trial.rows("select trade_id from marts.fct_trades") == [(3,)]
    assert trial.rows("select first_offset, rejected_reason from marts.fct_rejected_records") == [
        (2, "older_than_retention")
    ]
    assert trial.rows("select count(*) from staging.stg_binance__trades") == [(2,)]


def test_notional_is_exact_then_rounded_once(trial: Trial) -> None:
    factors = [
        ("0.0000000001", "0.0000000001"),
        ("0.0000100000", "0.0000050000"),
        ("0.0000100000", "0.0000049999"),
        ("999999999999.9999999999", "999999.9999999999"),
        ("0.0000000123", "999999999999999.9999999999"),
        ("61837.6300000100", "0.1234567800"),
    ]
    payloads = [json.dumps({**TRADE, "t": n, "p": p, "q": q}).encode() for n, (p, q) in enumerate(factors)]
    trial.land("binance.trades", [as_record(text, 0, n, START) for n, text in enumerate(payloads)])
    trial.must_run("--select", "+fct_trades")
    with localcontext() as context:
        context.prec = 60
        products = [(Decimal(price) * Decimal(quantity)) for price, quantity in factors]
        rounded = [product.quantize(Decimal("1e-10"), ROUND_HALF_UP) for product in products]
    assert trial.rows("select notional from marts.fct_trades order by trade_id") == [(r,) for r in rounded]
