"""`tickhouse audit`: a day of ticks, rule by rule."""

from datetime import datetime
from typing import Annotated

import typer

from ingest.cli.options import Form
from ingest.cli.output import Format, note, show

COLUMNS = ("rule", "checked", "failed", "first_offset", "passed")


def audit(
    symbol: Annotated[str, typer.Argument(help="Whose ticks, e.g. TTF-GAS.")],
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Which day, in UTC.")],
    form: Form = Format.TABLE,
) -> None:
    """Audit a day of ticks: validity of each, and the order and holes that no single one shows.

    The exit code is 1 if a rule is broken, or if there is nothing to audit.

        tickhouse audit TTF-GAS --date 2026-03-01
    """
    from ingest.core.settings import load_settings
    from ingest.operations.audit import audit_ticks, markets_of_ticks
    from ingest.warehouse.open import open_warehouse

    with open_warehouse(load_settings(), wait_seconds=60) as warehouse, warehouse.reading() as connection:
        findings = audit_ticks(connection, symbol.upper(), date.date())
        markets = markets_of_ticks(connection, date.date())
    if not findings[0].checked:
        there = f"There are ticks of {', '.join(markets) or 'no market'} then."
        note(f"There is no tick of {symbol.upper()} on {date:%Y-%m-%d}: nothing was audited. {there}")
        raise typer.Exit(1)
    rows = [(f.rule, f.checked, f.failed, f.first_offset, f.passed) for f in findings]
    show(COLUMNS, rows, form)
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)
