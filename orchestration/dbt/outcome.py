"""What became of a model or a data test, whoever ran it: the plan or dbt."""

from dataclasses import dataclass

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
