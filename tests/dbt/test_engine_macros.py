"""What the engine's macros mean, on the engine that is here."""

from decimal import Decimal

import pytest

from tests.dbt.trial import Trial

QUOTES = "(values ('A', 10, 1), ('A', 20, 2), ('B', 5, 3)) as quotes(symbol, t, bid)"
TRADES = "(values ('A', 9), ('A', 10), ('A', 25), ('B', 4)) as trades(symbol, t)"


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            f"select trades.symbol, trades.t, bid from {TRADES} "
            + "{{ asof_join('"
            + QUOTES.replace("'", "\\'")
            + "', on='trades.symbol = quotes.symbol', match='trades.t >= quotes.t') }} order by all",
            [("A", 9, None), ("A", 10, 1), ("A", 25, 2), ("B", 4, None)],
        ),
        (
            "select {{ last_non_null('x') }} over (order by i) "
            "from (values (1, null), (2, 7), (3, null)) as found(i, x)",
            [(None,), (7,), (7,)],
        ),
        (
            f"select symbol, bid from {QUOTES} " + "{{ top_n(1, 'symbol', 't desc') }} order by all",
            [("A", 2), ("B", 3)],
        ),
        ("select {{ divide('1', '3') }}, {{ divide('1', '0') }}", [(1 / 3, None)]),
        (
            "select cast({{ time_bucket(\"timestamp '2026-01-01 00:59:59.999'\", 900) }} as varchar)",
            [("2026-01-01 00:45:00",)],
        ),
        (
            "select {{ exact_price(\"'000061837.6300000000000'\") }}, {{ exact_price(\"'1e5'\") }}",
            [(Decimal("61837.63"), None)],
        ),
    ],
    ids=["asof_join", "last_non_null", "top_n", "divide", "time_bucket", "exact_price"],
)
def test_engine_macro(trial: Trial, sql: str, rows: list[tuple]) -> None:
    assert trial.rows(trial.compiled(sql)) == rows
