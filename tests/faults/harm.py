"""Harm that a test does to a run from within its process: after the imports, before the work.

Each is a function without arguments that can be sent to another process; `partial` makes more of them.
"""

import os
import re
import resource
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pkgutil import resolve_name
from typing import Any

Harm = Callable[[], None]
Act = Callable[[], None]

LAND = "ingest.warehouse.duckdb.warehouse:DuckDbWarehouse.land"
TAKE_LEASE = "ingest.warehouse.duckdb.warehouse:DuckDbWarehouse.take_lease"
DBT_EXECUTE = "dbt.adapters.duckdb.environments.local:DuckDBCursorWrapper.execute"


def nothing() -> None:
    """No harm."""


def together(*harms: Harm) -> Harm:
    return partial(_all, harms)


def _all(harms: tuple[Harm, ...]) -> None:
    for harm in harms:
        harm()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still() -> None:
    """Until killed."""
    sys.stdout.write("stands still\n")
    sys.stdout.flush()
    signal.pause()


def build_everything() -> None:
    """All models, where otherwise a few of each kind are built."""
    from orchestration.micro_batch import due_models as pending
    from orchestration.micro_batch import turn

    turn.read_models = pending.read_models


def one_try() -> None:
    """What fails is not tried again within the run, however slow the machine."""
    from orchestration.micro_batch import backoff

    backoff.FIRST_SECONDS = 600


def small_batches() -> None:
    """So that a few messages make several turns."""
    from ingest.drain import drain

    drain.Limits = partial(drain.Limits, max_messages=60)


def before(target: str, act: Act = die, nth: int = 1) -> Harm:
    """Act before the nth call of `module:Class.method`."""
    return partial(_wrap, target, act, nth, first=True)


def after(target: str, act: Act = die, nth: int = 1) -> Harm:
    """Act when the nth call of `module:Class.method` has done its work."""
    return partial(_wrap, target, act, nth, first=False)


def _wrap(target: str, act: Act, nth: int, *, first: bool) -> None:
    owner, name = _owner(target)
    original = getattr(owner, name)
    calls = 0

    def wrapper(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if first and calls == nth:
            act()
        result = original(*arguments, **options)
        if not first and calls == nth:
            act()
        return result

    setattr(owner, name, wrapper)


def _owner(target: str) -> tuple[Any, str]:
    path, _, name = target.rpartition(".")
    return resolve_name(path), name


def at_statement(pattern: str, node: str = "", act: Act = die, nth: int = 1, *, done: bool = False) -> Harm:
    """Act before the nth statement of dbt that matches, or when it is done; `node` as dbt names it."""
    return partial(_at_statement, pattern, node, act, nth, done=done)


def _at_statement(pattern: str, node: str, act: Act, nth: int, *, done: bool) -> None:
    from dbt_common.events.contextvars import get_node_info

    owner, name = _owner(DBT_EXECUTE)
    original = getattr(owner, name)
    found = 0

    def execute(self: Any, sql: str, bindings: Any = None) -> Any:
        nonlocal found
        matches = (
            sql not in ("BEGIN", "COMMIT")
            and get_node_info().get("unique_id", "").startswith(node)
            and re.search(pattern, sql, re.DOTALL | re.IGNORECASE)
        )
        found += bool(matches)
        now = bool(matches) and found == nth
        if now and not done:
            act()
        result = original(self, sql, bindings)
        if now and done:
            act()
        return result

    setattr(owner, name, execute)


def at_commit(act: Act = die, nth: int = 1) -> Harm:
    """Act inside the nth landing transaction: all its rows written, nothing committed."""
    return partial(_at_commit, act, nth)


def _at_commit(act: Act, nth: int) -> None:
    from contextlib import contextmanager

    from ingest.warehouse.duckdb import warehouse as duckdb_warehouse

    original = duckdb_warehouse.transaction
    landings = 0

    @contextmanager
    def transaction(connection: Any) -> Any:
        nonlocal landings
        with original(connection):
            yield
            landings += 1
            if landings == nth:
                act()

    duckdb_warehouse.transaction = transaction


def die_while_reporting() -> None:
    """Some of what happened is told, the rest never."""
    from orchestration.micro_batch.report import Report

    original = Report.events

    def events(self: Report, **options: bool) -> Any:
        for number, event in enumerate(original(self, **options)):
            if number == 5:
                die()
            yield event

    Report.events = events


def impatient_backoff() -> None:
    """A model that failed is tried again at once."""
    from orchestration.micro_batch import backoff

    backoff.FIRST_SECONDS = backoff.LONGEST_SECONDS = 0.2


def set_clock_back() -> None:
    """An hour, for this process."""
    real = time.time
    time.time = lambda: real() - 3600


def refuse() -> None:
    """As the warehouse refuses a statement."""
    import duckdb

    raise duckdb.Error("refused by a test")


def no_file_above(limit_bytes: int) -> Harm:
    """As on a full disk: no file of this process grows beyond that."""
    return partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
