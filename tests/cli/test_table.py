"""Tables fit the terminal they are shown in, and lose no digit of a number."""

from decimal import Decimal

import pytest

from ingest.cli import table
from ingest.cli.table import cell, print_table

COLUMNS = [f"column_{number}" for number in range(12)]
ROW = ["BTCUSDT", *(Decimal(61_832_123_456 + n) / 1_000_000 for n in range(10)), "last"]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PIPED_WIDTH", 80)


@pytest.mark.usefixtures("wide")
def test_what_has_no_room_is_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = print_table(COLUMNS, [ROW, ROW], may_leave_out=True)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert left_out == COLUMNS[len(COLUMNS) - 1 - len(left_out) : -1]
    assert "61832.123456" in lines[-2]
    assert "BTCUSDT" in lines[-2]
    assert "last" in lines[-2]


@pytest.mark.usefixtures("wide")
def test_one_row_that_has_no_room_is_shown_upright(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_table(COLUMNS, [ROW], may_leave_out=True) == []
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.strip()] == [
        [name, cell(value)] for name, value in zip(COLUMNS, ROW, strict=True)
    ]


def test_numbers_stand_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["n"], [[1], [100_000]])
    first, second = [line for line in capsys.readouterr().out.splitlines() if "1" in line]
    assert len(first.rstrip()) == len(second.rstrip())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("61832.0100000000"), "61832.01"),
        (Decimal("100.0000000000"), "100"),
        (Decimal("0E-10"), "0"),
        (0.1 + 0.2, "0.3"),
        (None, ""),
    ],
)
def test_a_number_has_the_digits_that_it_needs(value: object, text: str) -> None:
    assert cell(value) == text
