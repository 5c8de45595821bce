"""PostgreSQL as a sink: the schema `tickhouse`, a view for each mart over the table of its generation.

    tickhouse.trades            what people read, now and after a rebuild
    tickhouse.trades_12         the generation that it shows
    tickhouse.trades_15         one that is being filled; the view shows it once it is whole
    tickhouse.sink_states       what the store knows of itself
    tickhouse.refused_rows      rows that it cannot hold: PostgreSQL has no character NUL

A write is one transaction: keys into a temporary table, delete by them, COPY the rows in, set the state.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from ingest.core.errors import NeedsAttention, SettingsInvalid, SinkUnavailable, StaleSink
from ingest.sinks.arrow_csv import from_csv, to_csv
from ingest.sinks.protocol import Contents, Written
from ingest.sinks.state import Changes, State
from ingest.sinks.targets import Target

try:
    import psycopg
    from psycopg import sql
    from psycopg.sql import SQL, Composed, Identifier
except ImportError as missing:
    raise SettingsInvalid("The sink `postgres` needs the extra `sinks`: run `make install`.") from missing

log = logging.getLogger(__name__)

SCHEMA = "tickhouse"
READER = "tickhouse_reader"
"""A role that may read all of it, to be granted to whom dashboards log in as."""
PATIENCE_SECONDS = 10
DEFINITIONS = f"""
    create schema if not exists {SCHEMA};
    create sequence if not exists {SCHEMA}.generations;
    create table if not exists {SCHEMA}.sink_states (
        target text not null, is_current boolean not null, state jsonb not null, table_name text not null,
        kept_from timestamptz, written_at timestamptz not null default now(),
        primary key (target, is_current));
    create table if not exists {SCHEMA}.refused_rows (
        table_name text not null, key text not null, content text not null, reason text not null,
        refused_at timestamptz not null default now());
    create index if not exists refused_rows_key on {SCHEMA}.refused_rows (table_name, key);
    do $$ begin
        create role {READER} nologin;
    exception when duplicate_object or insufficient_privilege then null; end $$;
    do $$ begin
        grant usage on schema {SCHEMA} to {READER};
    exception when undefined_object then null; end $$;
"""
HAS_NUL = "it has the character NUL, which PostgreSQL cannot hold"
TYPES = {
    pa.int32(): SQL("integer"),
    pa.int64(): SQL("bigint"),
    pa.float64(): SQL("double precision"),
    pa.bool_(): SQL("boolean"),
    pa.string(): SQL("text"),
    pa.date32(): SQL("date"),
}
OPTIONS = "-c TimeZone=UTC -c client_encoding=UTF8 -c application_name=tickhouse"


class PostgresSink:
    """One connection, made again after a failure."""

    name = "postgres"
    takes_nul = False

    def __init__(self, url: str, targets: Sequence[Target]) -> None:
        self.targets = targets
        self._url = url
        self._connection: psycopg.Connection | None = None

    def state(self, target: Target) -> State | None:
        with self._working() as cursor:
            cursor.execute(
                f"""select state from {SCHEMA}.sink_states where target = %s
                    order by is_current limit 1""",
                [target.name],
            )
            found = cursor.fetchone()
        return State.from_json(found[0]) if found else None

    def begin_generation(self, changes: Changes) -> Written:
        target = changes.target
        with self._working() as cursor:
            self._alone(cursor, target)
            cursor.execute(f"select nextval('{SCHEMA}.generations')")
            [number] = _row(cursor)
            table = f"{target.name}_{number}"
            self._drop_unfinished(cursor, target)
            cursor.execute(_create_table(table, changes.rows.schema))
            written = self._insert(cursor, table, changes)
            cursor.execute(
                f"""insert into {SCHEMA}.sink_states (target, is_current, state, table_name)
                    values (%s, false, %s, %s)""",
                [target.name, json.dumps(changes.after.as_json()), table],
            )
            if changes.completes:
                self._show(cursor, target, table, changes.rows.schema)
        return written

    def write(self, changes: Changes) -> Written:
        target = changes.target
        assert changes.before is not None  # noqa: S101  (that would begin a generation)
        with self._working() as cursor:
            self._alone(cursor, target)
            is_current = not changes.before.is_filling
            table = self._table_in_state(cursor, changes)
            self._delete(cursor, table, changes)
            written = self._insert(cursor, table, changes)
            cursor.execute(
                f"""update {SCHEMA}.sink_states set state = %s, written_at = now()
                    where target = %s and is_current = %s""",
                [json.dumps(changes.after.as_json()), target.name, is_current],
            )
            if changes.completes:
                self._show(cursor, target, table, changes.rows.schema)
        return written

    def forget_before(self, target: Target, time: datetime) -> int:
        """Rows that have aged; how many went. An audit looks at what is younger."""
        if target.ages_by is None:
            return 0
        with self._working() as cursor:
            self._alone(cursor, target)
            cursor.execute(
                f"""update {SCHEMA}.sink_states set kept_from = %s where target = %s and is_current
                    returning table_name""",
                [time, target.name],
            )
            found = cursor.fetchone()
            if found is None:
                return 0
            cursor.execute(
                SQL("delete from {} where {} < %s").format(_named(found[0]), Identifier(target.ages_by)),
                [time],
            )
            return cursor.rowcount

    def kept_from(self, target: Target) -> datetime | None:
        with self._working() as cursor:
            cursor.execute(
                f"""select kept_from at time zone 'UTC' from {SCHEMA}.sink_states
                    where target = %s and is_current""",
                [target.name],
            )
            found = cursor.fetchone()
        return found[0] if found else None

    @contextmanager
    def contents(self, target: Target, schema: pa.Schema) -> Iterator[Contents]:
        with self._working() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute(
                f"select state from {SCHEMA}.sink_states where target = %s and is_current", [target.name]
            )
            found = cursor.fetchone()
            if found is None:
                yield Contents(None)
                return
            columns = SQL(", ").join(_told(field) for field in schema)
            query = SQL("copy (select {} from {}) to stdout (format csv)").format(
                columns, _named(target.name)
            )
            with cursor.copy(query) as copied:
                yield Contents(State.from_json(found[0]), from_csv(copied, schema))

    def clear(self) -> None:
        with self._working() as cursor:
            cursor.execute(f"select target, table_name from {SCHEMA}.sink_states")
            for target, table in cursor.fetchall():
                cursor.execute(SQL("drop view if exists {} cascade").format(_named(target)))
                cursor.execute(SQL("drop table if exists {} cascade").format(_named(table)))
            cursor.execute(f"truncate {SCHEMA}.sink_states, {SCHEMA}.refused_rows")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _working(self) -> Iterator[psycopg.Cursor]:
        """A transaction: kept if all goes well."""
        try:
            with self._open().transaction(), self._open().cursor() as cursor:
                yield cursor
        except psycopg.OperationalError as error:
            self.close()
            raise SinkUnavailable(f"PostgreSQL takes nothing: {_first_line(error)}") from error
        except psycopg.Error as error:
            self.close()
            raise NeedsAttention(f"PostgreSQL refuses it: {_first_line(error)}") from error

    def _open(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, connect_timeout=PATIENCE_SECONDS, options=OPTIONS, autocommit=True
            )
            with self._connection.transaction():
                self._connection.execute("select pg_advisory_xact_lock(hashtext('tickhouse definitions'))")
                self._connection.execute(DEFINITIONS.encode())
        return self._connection

    def _alone(self, cursor: psycopg.Cursor, target: Target) -> None:
        """Two runs may write at once: one after the other, and the second one finds another state."""
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"tickhouse {target.name}"])

    def _table_in_state(self, cursor: psycopg.Cursor, changes: Changes) -> str:
        cursor.execute(
            f"""select state, table_name from {SCHEMA}.sink_states where target = %s
                order by is_current limit 1""",
            [changes.target.name],
        )
        found = cursor.fetchone()
        if found is None or State.from_json(found[0]) != changes.before:
            raise StaleSink(f"{SCHEMA}.{changes.target.name}: another run wrote to it meanwhile.")
        return found[1]

    def _delete(self, cursor: psycopg.Cursor, table: str, changes: Changes) -> None:
        if changes.keys is None:
            cursor.execute(SQL("delete from {}").format(_named(table)))
            cursor.execute(f"delete from {SCHEMA}.refused_rows where table_name = %s", [table])
            return
        if not changes.keys.num_rows:
            return
        self._forget_refused(cursor, table, changes.keys)
        keys = changes.keys.filter(_without_nul(changes.keys))
        names = keys.schema.names
        columns = SQL(", ").join(_column(field) for field in keys.schema)
        cursor.execute(SQL("create temporary table changed_keys ({}) on commit drop").format(columns))
        self._copy(cursor, Identifier("changed_keys"), keys)
        cursor.execute("analyze changed_keys")
        same = SQL(" and ").join(
            SQL("held.{} = changed_keys.{}").format(Identifier(name), Identifier(name)) for name in names
        )
        cursor.execute(SQL("delete from {} as held using changed_keys where {}").format(_named(table), same))
        cursor.execute("drop table changed_keys")

    def _insert(self, cursor: psycopg.Cursor, table: str, changes: Changes) -> Written:
        can_hold = _without_nul(changes.rows)
        refused = changes.rows.filter(pc.call_function("invert", [can_hold]))
        if refused.num_rows:
            keys = _key_texts(refused.select(changes.target.key))
            contents = [json.dumps(row, default=str) for row in refused.to_pylist()]
            cursor.executemany(
                f"""insert into {SCHEMA}.refused_rows (table_name, key, content, reason)
                    values (%s, %s, %s, %s)""",
                [(table, key, row, HAS_NUL) for key, row in zip(keys, contents, strict=True)],
            )
            log.warning("%s rows of %s: %s.", refused.num_rows, changes.target.name, HAS_NUL)
        rows = changes.rows.filter(can_hold) if refused.num_rows else changes.rows
        self._copy(cursor, _named(table), rows)
        return Written(rows.num_rows, refused.num_rows)

    def _copy(self, cursor: psycopg.Cursor, into: sql.Composable, rows: pa.Table) -> None:
        if rows.num_rows:
            columns = SQL(", ").join(map(Identifier, rows.schema.names))
            with cursor.copy(SQL("copy {} ({}) from stdin (format csv)").format(into, columns)) as copy:
                copy.write(to_csv(rows))

    def _forget_refused(self, cursor: psycopg.Cursor, table: str, keys: pa.Table) -> None:
        cursor.execute(f"select exists (select from {SCHEMA}.refused_rows where table_name = %s)", [table])
        if _row(cursor) == (True,):
            cursor.execute(
                f"delete from {SCHEMA}.refused_rows where table_name = %s and key = any(%s)",
                [table, _key_texts(keys)],
            )

    def _show(self, cursor: psycopg.Cursor, target: Target, table: str, schema: pa.Schema) -> None:
        """A generation is whole: index it, show it, and drop the one before it."""
        cursor.execute(
            SQL("create index on {} ({})").format(_named(table), SQL(", ").join(map(Identifier, target.key)))
        )
        if target.ages_by is not None:
            age = Identifier(target.ages_by)
            cursor.execute(SQL("create index on {} using brin ({})").format(_named(table), age))
        cursor.execute(SQL("analyze {}").format(_named(table)))
        cursor.execute(
            f"delete from {SCHEMA}.sink_states where target = %s and is_current returning table_name",
            [target.name],
        )
        before = cursor.fetchone()
        self._point(cursor, target, table, schema)
        if before is not None:
            cursor.execute(SQL("drop table {}").format(_named(before[0])))
            cursor.execute(f"delete from {SCHEMA}.refused_rows where table_name = %s", [before[0]])
        cursor.execute(f"update {SCHEMA}.sink_states set is_current = true where target = %s", [target.name])

    def _point(self, cursor: psycopg.Cursor, target: Target, table: str, schema: pa.Schema) -> None:
        """The view stays the same where its columns do, and with it whatever was built on it."""
        columns = SQL(", ").join(map(Identifier, schema.names))
        view = SQL("view {} as select {} from {}").format(_named(target.name), columns, _named(table))
        try:
            with cursor.connection.transaction():
                cursor.execute(SQL("create or replace {}").format(view))
        except (psycopg.errors.InvalidTableDefinition, psycopg.errors.FeatureNotSupported):
            cursor.execute(SQL("drop view {}").format(_named(target.name)))
            cursor.execute(SQL("create {}").format(view))
        cursor.execute("select true from pg_roles where rolname = %s", [READER])
        if cursor.fetchone():
            cursor.execute(SQL("grant select on {} to {}").format(_named(target.name), Identifier(READER)))

    def _drop_unfinished(self, cursor: psycopg.Cursor, target: Target) -> None:
        cursor.execute(
            f"delete from {SCHEMA}.sink_states where target = %s and not is_current returning table_name",
            [target.name],
        )
        for (table,) in cursor.fetchall():
            cursor.execute(SQL("drop table if exists {}").format(_named(table)))
            cursor.execute(f"delete from {SCHEMA}.refused_rows where table_name = %s", [table])


def _named(name: str) -> Identifier:
    return Identifier(SCHEMA, name)


def _create_table(name: str, schema: pa.Schema) -> Composed:
    columns = SQL(", ").join(_column(field) for field in schema)
    return SQL("create table {} ({})").format(_named(name), columns)


def _column(field: pa.Field) -> Composed:
    return SQL("{} {}").format(Identifier(field.name), _type(field.type))


def _told(field: pa.Field) -> sql.Composable:
    """As Arrow reads it: a time without its zone."""
    column = Identifier(field.name)
    return SQL("{} at time zone 'UTC'").format(column) if pa.types.is_timestamp(field.type) else column


def _type(kind: pa.DataType) -> sql.Composable:
    if pa.types.is_decimal(kind):
        return SQL("numeric({}, {})").format(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return SQL("timestamptz")
    return TYPES[kind]


def _without_nul(rows: pa.Table) -> pa.ChunkedArray:
    """For each row, whether none of its texts has the character NUL."""
    nul = pc.MatchSubstringOptions("\0")
    clean = pa.chunked_array([pa.repeat(pa.scalar(value=True), rows.num_rows)])
    for column, field in zip(rows.columns, rows.schema, strict=True):
        if pa.types.is_string(field.type):
            has = pc.call_function("match_substring", [pc.call_function("coalesce", [column, ""])], nul)
            clean = pc.call_function("and_not", [clean, has])
    return clean


def _key_texts(keys: pa.Table) -> list[str]:
    return [json.dumps(list(key.values()), default=str) for key in keys.to_pylist()]


def _row(cursor: psycopg.Cursor) -> tuple:
    row = cursor.fetchone()
    assert row is not None  # noqa: S101  (the question has one answer)
    return row


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
