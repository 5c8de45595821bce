"""Redis (or Valkey) as a sink: the newest of each market, to be read in a microsecond.

    {tickhouse}:vwap:binance:BTCUSDT    a hash; each write is also published on a channel of that name
    {tickhouse}:state:vwap_session      what the store knows of itself
    {tickhouse}:index:vwap_session      the keys that it holds of a target, for audits and for clearing
    vwap:2017-08-17 04:05:00            a text: a replayed bar under the name that a strategy may know

A write is one MULTI, guarded by WATCH; the hash tag keeps all its keys on one node of a cluster. No key
expires, and a server that may evict keys is refused.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import pyarrow as pa

from ingest.core.errors import NeedsAttention, SettingsInvalid, SinkUnavailable, StaleSink
from ingest.sinks.protocol import Contents, Written
from ingest.sinks.state import Changes, State
from ingest.sinks.targets import Target

try:
    import redis
    from redis.client import Pipeline
except ImportError as missing:
    raise SettingsInvalid("The sink `redis` needs the extra `sinks`: run `make install`.") from missing

TAG = "{tickhouse}"
PATIENCE_SECONDS = 10
MOMENTS = 5
"""So often an audit tries to see one moment of a store that is written to."""

Key = tuple[str, ...]
Fields = dict[str, str]


class RedisSink:
    """Values are texts as Arrow writes them; a NULL is a field that is not there."""

    name = "redis"
    takes_nul = True

    def __init__(self, url: str, targets: Sequence[Target]) -> None:
        self.targets = targets
        self._client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
        )
        self._is_checked = False

    def state(self, target: Target) -> State | None:
        with self._working() as pipe:
            pipe.watch(_state_key(target))
            return _read_state(pipe, target)

    def begin_generation(self, changes: Changes) -> Written:
        """All in one: nothing is beside, readers see the old or the new."""
        with self._working() as pipe:
            pipe.watch(_state_key(changes.target), _index_key(changes.target))
            before = _members(pipe, changes.target)
            pipe.multi()
            return _write(pipe, changes, before)

    def write(self, changes: Changes) -> Written:
        with self._working() as pipe:
            pipe.watch(_state_key(changes.target), _index_key(changes.target))
            if _read_state(pipe, changes.target) != changes.before:
                raise StaleSink(f"{changes.target.name} in Redis: another run wrote to it meanwhile.")
            everything = _members(pipe, changes.target) if changes.keys is None else []
            pipe.multi()
            return _write(pipe, changes, everything)

    @contextmanager
    def contents(self, target: Target, schema: pa.Schema) -> Iterator[Contents]:
        for _ in range(MOMENTS):
            with suppress(StaleSink), self._working() as pipe:
                pipe.watch(_state_key(target), _index_key(target))
                state, members = _read_state(pipe, target), _members(pipe, target)
                pipe.multi()
                for key in members:
                    pipe.get(_name(target, key)) if _is_text(target) else pipe.hgetall(_name(target, key))
                held = pipe.execute()
                break
        else:
            raise SinkUnavailable(f"{target.name} in Redis changed at each look. Try again.")
        yield Contents(state, iter([_as_table(target, schema, members, held)]))

    def forget_before(self, target: Target, time: datetime) -> int:  # noqa: ARG002
        """Of each market it holds one row, and keeps it."""
        return 0

    def kept_from(self, target: Target) -> None:  # noqa: ARG002
        """It keeps what it has until something newer comes."""
        return

    def clear(self) -> None:
        for target in self.targets:
            with self._working() as pipe:
                pipe.watch(_state_key(target), _index_key(target))
                members = _members(pipe, target)
                pipe.multi()
                for key in members:
                    _forget(pipe, target, key)
                pipe.delete(_state_key(target), _index_key(target))
                pipe.execute()

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _working(self) -> Iterator[Pipeline]:
        try:
            self._check()
            with self._client.pipeline(transaction=True) as pipe:
                yield pipe
        except redis.WatchError as error:
            raise StaleSink("Redis: another run wrote to it meanwhile.") from error
        except (redis.RedisError, OSError) as error:
            self._is_checked = False
            raise SinkUnavailable(f"Redis takes nothing: {error}") from error

    def _check(self) -> None:
        """A server that throws keys away when it is full would hold less than the marts, and not know."""
        if self._is_checked:
            return
        memory = self._client.info("memory")
        assert isinstance(memory, dict)  # noqa: S101  (the client is not asynchronous)
        policy = memory.get("maxmemory_policy", "noeviction")
        if memory.get("maxmemory", 0) and policy != "noeviction":
            raise NeedsAttention(
                f"Redis may evict keys (maxmemory-policy {policy}): set it to noeviction for this server."
            )
        self._is_checked = True


def _write(pipe: Pipeline, changes: Changes, held_before: Sequence[Key]) -> Written:
    """Within MULTI."""
    target = changes.target
    gone = [*held_before, *(_keys(changes.keys) if changes.keys is not None else ())]
    rows = dict(_rows(target, changes.rows))
    for key in gone:
        _forget(pipe, target, key)
        if key not in rows:
            pipe.publish(_name(target, key), "")
    for key, fields in rows.items():
        name = _name(target, key)
        if _is_text(target):
            pipe.set(name, next(iter(fields.values()), ""))
        elif fields:
            pipe.hset(name, items=[part for pair in fields.items() for part in pair])
        pipe.sadd(_index_key(target), json.dumps(key))
        pipe.publish(name, json.dumps(fields))
    pipe.set(_state_key(target), json.dumps(changes.after.as_json()))
    pipe.execute()
    return Written(len(rows))


def _forget(pipe: Pipeline, target: Target, key: Key) -> None:
    """What this target holds under a key; another one may hold other fields of the same hash."""
    if _is_text(target):
        pipe.delete(_name(target, key))
    else:
        pipe.hdel(_name(target, key), *target.columns.values())
    pipe.srem(_index_key(target), json.dumps(key))


def _read_state(pipe: Pipeline, target: Target) -> State | None:
    """At once: before MULTI."""
    found = pipe.get(_state_key(target))
    return State.from_json(json.loads(str(found))) if found else None


def _members(pipe: Pipeline, target: Target) -> list[Key]:
    found = pipe.smembers(_index_key(target))
    assert isinstance(found, set)  # noqa: S101  (the client is not asynchronous)
    return [tuple(json.loads(member)) for member in found]


def _state_key(target: Target) -> str:
    return f"{TAG}:state:{target.name}"


def _index_key(target: Target) -> str:
    return f"{TAG}:index:{target.name}"


def _is_text(target: Target) -> bool:
    return target.follows == "rows"


def _name(target: Target, key: Key) -> str:
    if _is_text(target):
        return f"{target.shown_as}:{key[-1].partition('.')[0]}"
    parts = (part.replace("%", "%25").replace(":", "%3A") for part in key)
    return ":".join((TAG, target.shown_as or target.name, *parts))


def _keys(table: pa.Table) -> list[Key]:
    return list(zip(*(_texts(column) for column in table.columns), strict=True))


def _rows(target: Target, table: pa.Table) -> Iterator[tuple[Key, Fields]]:
    names = list(target.columns.values())
    columns = [_texts(table[name]) for name in names]
    for key, values in zip(_keys(table.select(target.key)), zip(*columns, strict=True), strict=True):
        yield key, {name: text for name, text in zip(names, values, strict=True) if text is not None}


def _texts(column: pa.ChunkedArray) -> list:
    return column.cast(pa.string()).to_pylist()


def _as_table(target: Target, schema: pa.Schema, keys: Sequence[Key], held: Sequence) -> pa.Table:
    [text_field] = target.columns.values() if _is_text(target) else [""]
    rows = [
        {
            **dict(zip(target.key, key, strict=True)),
            **({text_field: found or None} if _is_text(target) else found),
        }
        for key, found in zip(keys, held, strict=True)
    ]
    columns = [pa.array([row.get(f.name) for row in rows], pa.string()).cast(f.type) for f in schema]
    return pa.table(columns, schema=schema)
