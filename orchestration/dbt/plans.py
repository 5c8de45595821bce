"""The plan in force: made by dbt, in a process of its own, whenever the project is not what it was made from.

fingerprint of the project ─ as the plan's? ─ yes ─▶ the plan
                                └─ no ─▶ None, until `make_plan` has ended
"""

import time
from functools import lru_cache

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings, load_settings
from orchestration.dbt import environment
from orchestration.dbt.fingerprint import Watch
from orchestration.dbt.plan import Plan, read_current
from orchestration.dbt.spawned import Spawned, tail

MAKE = "orchestration.dbt.make_plan"
# A project that dbt cannot render is somebody's half-written change: it is looked at again after a while.
AGAIN_SECONDS = 30.0


class Plans:
    """Gives the current plan, and never another."""

    def __init__(self, settings: Settings) -> None:
        self._watch = Watch(environment.DBT_DIR, settings)
        self.path = environment.plan_file(settings)
        self._plan: Plan | None = None
        self._maker: Spawned | None = None
        self._failed_at = float("-inf")
        self.trouble: str | None = None
        """Why there is no plan, in dbt's words."""

    def current(self) -> Plan | None:
        """None while it is being made."""
        if self._maker is not None:
            if not self._maker.has_ended:
                return None
            self._end(self._maker)
        wanted = self._watch.fingerprint()
        if self._plan is None or self._plan.fingerprint != wanted:
            self._plan = read_current(self.path, wanted)
        if self._plan is None and time.monotonic() - self._failed_at > AGAIN_SECONDS:
            self._maker = Spawned(MAKE)
        return self._plan

    @property
    def is_there(self) -> bool:
        """Whether the plan that was asked for last was the current one."""
        return self._plan is not None and self._maker is None

    def wait(self) -> Plan:
        """The current plan; NeedsAttention if dbt cannot make it."""
        while (plan := self.current()) is None:
            if self.trouble is not None:
                raise NeedsAttention(f"dbt cannot render its project: {self.trouble}")
            if self._maker is not None:
                self._end(self._maker)
        return plan

    def _end(self, maker: Spawned) -> None:
        succeeded, said = maker.outcome()
        self._maker, self.trouble = None, None if succeeded else tail(said)
        if not succeeded:
            self._failed_at = time.monotonic()


@lru_cache
def current_plan() -> Plan:
    """As this process finds it first: what the code location shows."""
    return Plans(load_settings()).wait()


if __name__ == "__main__":
    Plans(load_settings()).wait()
