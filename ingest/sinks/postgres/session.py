"""A session in PostgreSQL: one connection, made again after a failure, and the schema that it finds there."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingest.core.errors import NeedsAttention, SinkUnavailable

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
OPTIONS = "-c TimeZone=UTC -c client_encoding=UTF8 -c application_name=tickhouse"


class Session:
    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None

    @contextmanager
    def working(self) -> Iterator[psycopg.Cursor]:
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

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, connect_timeout=PATIENCE_SECONDS, options=OPTIONS, autocommit=True
            )
            with self._connection.transaction():
                self._connection.execute("select pg_advisory_xact_lock(hashtext('tickhouse definitions'))")
                self._connection.execute(DEFINITIONS.encode())
        return self._connection


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
