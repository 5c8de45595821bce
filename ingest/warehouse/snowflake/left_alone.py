"""A process that was stopped within a transaction, and returns, does not go on with it.

Snowflake may have ended it meanwhile, and would take what is left of it as statements of their own: rows
without their position, or a position without its rows.
"""

import time
from weakref import WeakKeyDictionary

from snowflake.connector import SnowflakeConnection

from ingest.core.errors import WarehouseUnavailable

DETACHED_SECONDS = 300
"""Snowflake ends the transaction of a session that was idle for so long, once another one waits for it."""
ALONE_SECONDS = DETACHED_SECONDS / 2

_heard_at: WeakKeyDictionary[SnowflakeConnection, float] = WeakKeyDictionary()
"""When each session within a transaction was last answered, by a clock that goes on in a sleeping laptop."""


def assert_not_left_alone(session: SnowflakeConnection, statement: str) -> None:
    """Before a statement is sent."""
    heard_at = _heard_at.get(session)
    if heard_at is None or first_word(statement) == "rollback":
        return
    alone = time.time() - heard_at
    if alone > ALONE_SECONDS:
        raise WarehouseUnavailable(
            f"This process was stopped for {alone:.0f} s within a transaction that Snowflake may have ended: "
            "no more of it is sent, and none of it stays. A rerun goes on."
        )


def heard_of(session: SnowflakeConnection, statement: str) -> None:
    """After a statement was answered."""
    word = first_word(statement)
    if word == "begin" or (session in _heard_at and word not in ("commit", "rollback")):
        _heard_at[session] = time.time()
    else:
        _heard_at.pop(session, None)


def first_word(statement: str) -> str:
    words = statement.split(maxsplit=1)
    return words[0].strip(";").lower() if words else ""
