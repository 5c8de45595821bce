"""What the engine's macros mean, on the engine that is here."""

from decimal import Decimal

import pytest

from tests.dbt.trial import PROJECT, Trial

MACROS = PROJECT / "macros"

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
            [(Decimal("61837.63"), Decimal(100_000))],
        ),
    ],
    ids=["asof_join", "last_non_null", "top_n", "divide", "time_bucket", "exact_price"],
)
def test_engine_macro(trial: Trial, sql: str, rows: list[tuple]) -> None:
    assert trial.rows(trial.compiled(sql)) == rows


@pytest.mark.parametrize(
    ("text", "number", "problem"),
    [
        ("9.417e-05", "0.00009417", None),
        ("1E-10", "0.0000000001", None),
        ("-12.50e-9", "-0.0000000125", None),
        ("1.23456789012345e+05", "123456.789012345", None),
        ("1.2345e+11", "123450000000", None),
        ("5e0", "5", None),
        ("1e12", None, "out_of_range"),
        ("1e400", None, "out_of_range"),
        ("1e-11", None, "loses_digits"),
        ("0.0000000001e-17", None, "loses_digits"),
        ("9.123456789012e-05", None, "loses_digits"),
        ("1e", None, "not_a_number"),
        ("1e5.5", None, "not_a_number"),
        ("e5", None, "not_a_number"),
    ],
)
def test_a_number_in_exponent_form_is_exact_or_refused(
    trial: Trial, text: str, number: str | None, problem: str | None
) -> None:
    price = f"exact_price(\"'{text}'\")"
    found = trial.compiled(f"select {{{{ {price} }}}}, {{{{ price_problem(\"'{text}'\", {price}) }}}}")
    exact = None if number is None or problem else Decimal(number)
    assert trial.rows(found) == [(exact, problem)]


def test_what_differs_between_the_engines_has_one_room_and_no_default() -> None:
    texts = {path.relative_to(MACROS): path.read_text() for path in MACROS.rglob("*.sql")}
    elsewhere = {path for path, text in texts.items() if ".dispatch(" in text and path.parts[0] != "engine"}
    assert elsewhere == set()
    assert {path for path, text in texts.items() if "macro default__" in text} == set()
