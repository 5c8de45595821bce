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
from dataclasses import replace
from functools import partial
from pkgutil import resolve_name
from typing import Any

Harm = Callable[[], None]
Act = Callable[[], None]

LAND = "ingest.warehouse.duckdb.warehouse:DuckDbWarehouse.land"
TAKE_LEASE = "ingest.warehouse.duckdb.warehouse:DuckDbWarehouse.take_lease"


PLAN_OF_EVERYTHING = "everything.json"


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
    from orchestration.dbt import environment

    environment.PLAN_FILE = PLAN_OF_EVERYTHING


def one_try() -> None:
    """What fails is not tried again within the run, however slow the machine."""
    from orchestration.micro_batch import backoff

    backoff.FIRST_SECONDS = 600


def small_batches() -> None:
    """So that a few messages make several turns."""
    from ingest.drain.drain import Drain

    original = Drain.__init__

    def begin(self: Drain, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        self._limits = replace(self._limits, max_messages=60)

    Drain.__init__ = begin


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


def at_statement(
    pattern: str, node: str = "", act: Act = die, nth: int | None = 1, *, done: bool = False
) -> Harm:
    """Act before the nth statement of the plan that matches, or when it is done; None: at each. `node`: the
    model or test that it is of."""
    return partial(_at_statement, pattern, node, act, nth, done=done)


def _at_statement(pattern: str, node: str, act: Act, nth: int | None, *, done: bool) -> None:
    from orchestration.micro_batch import builder, tester

    now = {"node": ""}
    _tell_node(builder, "prepare", now)
    _tell_node(builder, "write", now)
    _tell_node(tester, "_ask", now)
    found = 0

    class Watched:
        """The loop's connection, where it runs the plan."""

        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            nonlocal found
            is_ours = now["node"].startswith(node) and sql not in ("begin", "commit", "rollback")
            matches = is_ours and re.search(pattern, sql, re.DOTALL | re.IGNORECASE) is not None
            found += matches
            acts = matches and nth in (found, None)
            if acts and not done:
                act()
            result = self._connection.execute(sql, *values)
            if acts and done:
                act()
            return result

    for owner, name in ((builder.Builder, "build"), (tester.Tester, "test")):
        _watch(owner, name, Watched)


def _tell_node(module: Any, name: str, now: dict[str, str]) -> None:
    """While the function runs, what it works at."""
    original = getattr(module, name)

    def told(connection: Any, subject: Any) -> Any:
        now["node"] = getattr(subject, "model", subject).unique_id
        try:
            return original(connection, subject)
        finally:
            now["node"] = ""

    setattr(module, name, told)


def _watch(owner: Any, name: str, watched: Any) -> None:
    original = getattr(owner, name)

    def method(self: Any, connection: Any, *arguments: Any, **options: Any) -> Any:
        return original(self, watched(connection), *arguments, **options)

    setattr(owner, name, method)


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
