"""dbt node results ─▶ events on the real asset and check keys."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DbtProject
from dbt.artifacts.schemas.run import RunExecutionResult

from orchestration.dbt.outcome import ModelResult, evaluation
from orchestration.dbt.translator import TickhouseTranslator


class ResultMapper:
    """Knows which asset and which check a dbt node is."""

    def __init__(self, manifest: Mapping[str, Any], project: DbtProject) -> None:
        self._manifest = manifest
        self._project = project
        self._translator = TickhouseTranslator()

    def models(self, results: RunExecutionResult) -> Iterator[ModelResult]:
        """What became of each model that ran; skipped ones did not run."""
        for result in results.results:
            if str(result.status) == "skipped":
                continue
            unique_id = result.node.unique_id
            spec = self._translator.get_asset_spec(self._manifest, unique_id, self._project)
            rows = result.adapter_response.get("rows_affected")
            yield ModelResult(
                unique_id,
                spec.key,
                str(result.status),
                result.message or "",
                result.execution_time,
                rows if isinstance(rows, int) and rows >= 0 else None,
            )

    def checks(self, results: RunExecutionResult) -> Iterator[dg.AssetCheckEvaluation]:
        """What each data test found, on the model or source that it tests."""
        for result in results.results:
            status = str(result.status)
            if status == "skipped":
                continue
            check = self._check_spec(result.node.unique_id)
            if check is not None:
                yield evaluation(
                    check.asset_key,
                    check.name,
                    status,
                    result.failures or 0,
                    result.execution_time,
                    result.message or "",
                )

    def _check_spec(self, test_id: str) -> dg.AssetCheckSpec | None:
        for parent in self._manifest["parent_map"].get(test_id, ()):
            spec = self._translator.get_asset_spec(self._manifest, parent, self._project)
            check = self._translator.get_asset_check_spec(spec, self._manifest, test_id, self._project)
            if check is not None:
                return check
        return None
