"""A day of ticks looked at as a whole: what no single message shows.

raw ─▶ staging (each tick alone) ─▶ the day's ticks of a symbol in the order of the log ─▶ findings
"""

from dataclasses import dataclass
from datetime import date, timedelta

from ingest.core.errors import NeedsAttention
from ingest.warehouse.connection import Connection, is_built

TICKS = "staging.stg_simulated__ticks"
RULES: dict[str, str] = {
    "every field is there": "rejected_reason = 'missing_field'",
    "numbers are numbers": "rejected_reason in ('not_a_number', 'out_of_range', 'loses_digits')",
    "messages can be read": "rejected_reason in ('tombstone', 'not_utf8', 'malformed_json')",
    "prices are above zero": "rejected_reason = 'not_positive'",
    "volumes are not below zero": "rejected_reason = 'negative_volume'",
    "bid is below ask": "rejected_reason = 'crossed'",
    "times are times": "rejected_reason in ('bad_time', 'older_than_retention')",
    "it was received after it happened": "rejected_reason is null and sent_received_at < event_at",
    "no number comes twice": "sequence_id = before",
    "numbers grow": "sequence_id < before",
    "no number is left out": "sequence_id > before + 1",
}
"""What must hold, and the ticks for which it does not. `before`: the highest number so far."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one rule fared."""

    rule: str
    checked: int
    failed: int
    first_offset: int | None
    """Where in the topic the first tick lies that breaks it."""

    @property
    def passed(self) -> bool:
        return self.failed == 0


def audit_ticks(connection: Connection, symbol: str, day: date) -> list[RuleResult]:
    """Every rule over the ticks of a symbol whose exchange time (or the broker's) lies in that day, UTC."""
    if not is_built(connection, TICKS):
        raise NeedsAttention("No ticks were built yet: `tickhouse build` makes them.")
    counts = ", ".join(
        f"count(case when {broken} then 1 end), min(case when {broken} then kafka_offset end)"
        for broken in RULES.values()
    )
    total, *found = connection.execute(
        f"""with day as (
                select *, max(sequence_id) over (
                    partition by topic_life, kafka_partition order by kafka_offset
                    rows between unbounded preceding and 1 preceding) as before
                from {TICKS} where symbol = ? and aged_at >= ? and aged_at < ?)
            select count(*), {counts} from day""",
        [symbol, day, day + timedelta(days=1)],
    ).fetchone()
    return [
        RuleResult(rule, total, found[2 * number], found[2 * number + 1]) for number, rule in enumerate(RULES)
    ]


def markets_of_ticks(connection: Connection, day: date) -> list[str]:
    """Those that ticked on that day."""
    found = connection.execute(
        f"""select distinct symbol from {TICKS}
            where aged_at >= ? and aged_at < ? and symbol is not null order by symbol""",
        [day, day + timedelta(days=1)],
    )
    return [symbol for (symbol,) in found.fetchall()]
