"""A model that fails is tried again later and later; what is built from it waits, everything else goes on."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.micro_batch.due_models import LoopModel

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 300.0


@dataclass(slots=True)
class _Failure:
    wait_seconds: float
    retry_at: float


class Backoff:
    """Which models may be built now."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}

    @property
    def retry_at(self) -> float:
        """When the next of those that failed is tried again; infinite: none has."""
        return min((failure.retry_at for failure in self._failures.values()), default=float("inf"))

    def allowed(self, models: Iterable[LoopModel]) -> list[LoopModel]:
        """Those that neither wait themselves nor stand on one that waits."""
        now = time.monotonic()
        waiting = {uid for uid, failure in self._failures.items() if now < failure.retry_at}
        return [m for m in models if m.unique_id not in waiting and not m.parents & waiting]

    def failed(self, unique_id: str) -> float:
        """It failed (again); the seconds until the next try."""
        before = self._failures.get(unique_id)
        wait = FIRST_SECONDS if before is None else min(before.wait_seconds * 2, LONGEST_SECONDS)
        self._failures[unique_id] = _Failure(wait, time.monotonic() + wait)
        return wait

    def succeeded(self, unique_id: str) -> bool:
        """It worked; whether it had failed before."""
        return self._failures.pop(unique_id, None) is not None
