"""What became of a model or a data test, whoever ran it: the plan or dbt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import dagster as dg

from orchestration.escaping import as_block


@dataclass(frozen=True, slots=True)
class ModelResult:
    """How the build of one model ended."""

    unique_id: str
    asset_key: dg.AssetKey
    status: str
    message: str
    seconds: float
    rows: int | None
    how: Mapping[str, str] = field(default_factory=dict)
    """By which plan, or why by dbt: metadata for the UI."""

    @property
    def succeeded(self) -> bool:
        return self.status == "success"


def evaluation(
    asset_key: dg.AssetKey, name: str, status: str, failures: int, seconds: float, message: str
) -> dg.AssetCheckEvaluation:
    """A data test as a check: green, yellow where it is there to warn, red. `status` as dbt says it."""
    return dg.AssetCheckEvaluation(
        asset_key=asset_key,
        check_name=name,
        passed=status == "pass",
        severity=dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR,
        description=as_block(message) if message else None,
        metadata={"failed_rows": failures, "seconds": round(seconds, 3)},
    )
