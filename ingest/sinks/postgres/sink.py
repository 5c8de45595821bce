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

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from psycopg.sql import SQL, Identifier

from ingest.core.errors import StaleSink
from ingest.sinks.arrow_csv import from_csv, to_csv
from ingest.sinks.postgres.columns import (
    HAS_NUL,
    column_of,
    create_table,
    key_texts,
    named,
    told,
    without_nul,
)
from ingest.sinks.postgres.session import READER, SCHEMA, Session
from ingest.sinks.protocol import Contents, Written
from ingest.sinks.state import Changes, State
from ingest.sinks.targets import Target

log = logging.getLogger(__name__)


class PostgresSink:
    name = "postgres"
    takes_nul = False

    def __init__(self, url: str, targets: Sequence[Target]) -> None:
        self.targets = targets
        self._session = Session(url)

    def state(self, target: Target) -> State | None:
        with self._session.working() as cursor:
            cursor.execute(
                f"""select state from {SCHEMA}.sink_states where target = %s
                    order by is_current limit 1""",
                [target.name],
            )
            found = cursor.fetchone()
        return State.from_json(found[0]) if found else None

    def begin_generation(self, changes: Changes) -> Written:
        target = changes.target
        with self._session.working() as cursor:
            self._alone(cursor, target)
            cursor.execute(f"select nextval('{SCHEMA}.generations')")
            [number] = _row(cursor)
            table = f"{target.name}_{number}"
            self._drop_unfinished(cursor, target)
            cursor.execute(create_table(table, changes.rows.schema))
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
        with self._session.working() as cursor:
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
        with self._session.working() as cursor:
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
                SQL("delete from {} where {} < %s").format(named(found[0]), Identifier(target.ages_by)),
                [time],
            )
            return cursor.rowcount

    def kept_from(self, target: Target) -> datetime | None:
        with self._session.working() as cursor:
            cursor.execute(
                f"""select kept_from at time zone 'UTC' from {SCHEMA}.sink_states
                    where target = %s and is_current""",
                [target.name],
            )
            found = cursor.fetchone()
        return found[0] if found else None

    @contextmanager
    def contents(self, target: Target, schema: pa.Schema) -> Iterator[Contents]:
        with self._session.working() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute(
                f"select state from {SCHEMA}.sink_states where target = %s and is_current", [target.name]
            )
            found = cursor.fetchone()
            if found is None:
                yield Contents(None)
                return
            columns = SQL(", ").join(told(field) for field in schema)
            query = SQL("copy (select {} from {}) to stdout (format csv)").format(columns, named(target.name))
            with cursor.copy(query) as copied:
                yield Contents(State.from_json(found[0]), from_csv(copied, schema))

    def clear(self) -> None:
        with self._session.working() as cursor:
            cursor.execute(f"select target, table_name from {SCHEMA}.sink_states")
            for target, table in cursor.fetchall():
                cursor.execute(SQL("drop view if exists {} cascade").format(named(target)))
                cursor.execute(SQL("drop table if exists {} cascade").format(named(table)))
            cursor.execute(f"truncate {SCHEMA}.sink_states, {SCHEMA}.refused_rows")

    def close(self) -> None:
        self._session.close()

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
            cursor.execute(SQL("delete from {}").format(named(table)))
            cursor.execute(f"delete from {SCHEMA}.refused_rows where table_name = %s", [table])
            return
        if not changes.keys.num_rows:
            return
        self._forget_refused(cursor, table, changes.keys)
        keys = changes.keys.filter(without_nul(changes.keys))
        names = keys.schema.names
        columns = SQL(", ").join(column_of(field) for field in keys.schema)
        cursor.execute(SQL("create temporary table changed_keys ({}) on commit drop").format(columns))
        self._copy(cursor, Identifier("changed_keys"), keys)
        cursor.execute("analyze changed_keys")
        same = SQL(" and ").join(
            SQL("held.{} = changed_keys.{}").format(Identifier(name), Identifier(name)) for name in names
        )
        cursor.execute(SQL("delete from {} as held using changed_keys where {}").format(named(table), same))
        cursor.execute("drop table changed_keys")

    def _insert(self, cursor: psycopg.Cursor, table: str, changes: Changes) -> Written:
        can_hold = without_nul(changes.rows)
        refused = changes.rows.filter(pc.call_function("invert", [can_hold]))
        if refused.num_rows:
            keys = key_texts(refused.select(changes.target.key))
            contents = [json.dumps(row, default=str) for row in refused.to_pylist()]
            cursor.executemany(
                f"""insert into {SCHEMA}.refused_rows (table_name, key, content, reason)
                    values (%s, %s, %s, %s)""",
                [(table, key, row, HAS_NUL) for key, row in zip(keys, contents, strict=True)],
            )
            log.warning("%s rows of %s: %s.", refused.num_rows, changes.target.name, HAS_NUL)
        rows = changes.rows.filter(can_hold) if refused.num_rows else changes.rows
        self._copy(cursor, named(table), rows)
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
                [table, key_texts(keys)],
            )

    def _show(self, cursor: psycopg.Cursor, target: Target, table: str, schema: pa.Schema) -> None:
        """A generation is whole: index it, show it, and drop the one before it."""
        cursor.execute(
            SQL("create index on {} ({})").format(named(table), SQL(", ").join(map(Identifier, target.key)))
        )
        if target.ages_by is not None:
            age = Identifier(target.ages_by)
            cursor.execute(SQL("create index on {} using brin ({})").format(named(table), age))
        cursor.execute(SQL("analyze {}").format(named(table)))
        cursor.execute(
            f"delete from {SCHEMA}.sink_states where target = %s and is_current returning table_name",
            [target.name],
        )
        before = cursor.fetchone()
        self._point(cursor, target, table, schema)
        if before is not None:
            cursor.execute(SQL("drop table {}").format(named(before[0])))
            cursor.execute(f"delete from {SCHEMA}.refused_rows where table_name = %s", [before[0]])
        cursor.execute(f"update {SCHEMA}.sink_states set is_current = true where target = %s", [target.name])

    def _point(self, cursor: psycopg.Cursor, target: Target, table: str, schema: pa.Schema) -> None:
        """The view stays the same where its columns do, and with it whatever was built on it."""
        columns = SQL(", ").join(map(Identifier, schema.names))
        view = SQL("view {} as select {} from {}").format(named(target.name), columns, named(table))
        try:
            with cursor.connection.transaction():
                cursor.execute(SQL("create or replace {}").format(view))
        except (psycopg.errors.InvalidTableDefinition, psycopg.errors.FeatureNotSupported):
            cursor.execute(SQL("drop view {}").format(named(target.name)))
            cursor.execute(SQL("create {}").format(view))
        cursor.execute("select true from pg_roles where rolname = %s", [READER])
        if cursor.fetchone():
            cursor.execute(SQL("grant select on {} to {}").format(named(target.name), Identifier(READER)))

    def _drop_unfinished(self, cursor: psycopg.Cursor, target: Target) -> None:
        cursor.execute(
            f"delete from {SCHEMA}.sink_states where target = %s and not is_current returning table_name",
            [target.name],
        )
        for (table,) in cursor.fetchall():
            cursor.execute(SQL("drop table if exists {}").format(named(table)))
            cursor.execute(f"delete from {SCHEMA}.refused_rows where table_name = %s", [table])


def _row(cursor: psycopg.Cursor) -> tuple:
    row = cursor.fetchone()
    assert row is not None  # noqa: S101  (the question has one answer)
    return row
