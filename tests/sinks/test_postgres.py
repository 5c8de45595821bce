"""PostgreSQL holds what the marts hold: on the real server, through kills, corrections and refusals."""

import subprocess
import sys
from collections.abc import Iterator
from random import Random

import psycopg
import pyarrow as pa
import pytest
from psycopg.conninfo import make_conninfo

from ingest.core.errors import NeedsAttention, SinkUnavailable, StaleSink
from ingest.sinks.postgres.sink import PostgresSink
from ingest.sinks.state import Changes, Place, State
from ingest.sinks.targets import Target
from tests.sinks.changing import changes, state, table
from tests.sinks.changing import held as all_held

TARGET = Target("fct_some", "some", ("venue", "bucket"), ages_by="at")
SCHEMA = pa.schema(
    [
        ("venue", pa.string()),
        ("bucket", pa.int64()),
        ("at", pa.timestamp("us")),
        ("price", pa.decimal128(38, 10)),
        ("ratio", pa.float64()),
        ("is_odd", pa.bool_()),
        ("note", pa.string()),
    ]
)


@pytest.fixture
def sink(postgres_url: str) -> Iterator[PostgresSink]:
    opened = PostgresSink(postgres_url, [TARGET])
    opened.state(TARGET)
    opened.clear()
    yield opened
    opened.close()


def test_rows_come_back_as_they_were(sink: PostgresSink) -> None:
    """NULL and an empty text, quotes and line ends, the widest numbers, microseconds, doubles to the bit."""
    rows = [
        ("a", 1, "2026-01-01T00:00:00.000001", "1234567890123456789012345678.0123456789", 0.1, True, ""),
        ("a", 1, "1969-12-31T23:59:59.999999", "-0.0000000001", 1e-300, False, 'say "hi", and\nnew\r\nlines'),
        ("b", -(2**63), None, None, None, None, None),
        ("c", 2**63 - 1, "2026-06-01T12:00:00", "0", 5e-324, True, "NULL"),
        ("d", 0, "2026-06-01T12:00:00", "1", 1.7976931348623157e308, True, "\\N \t \u2028 \U0001f600"),
    ]
    sink.begin_generation(changed(rows, after=state(1)))
    assert held(sink) == rows_of(rows).to_pylist()


def test_keys_are_deleted_before_rows_are_inserted(sink: PostgresSink) -> None:
    sink.begin_generation(changed([row("a", 1), row("a", 1), row("a", 2), row("b", 1)], after=state(1)))
    sink.write(
        changed([row("a", 1, "new")], keys=[("a", 1), ("b", 1), ("c", 9)], before=state(1), after=state(2))
    )
    assert [(r["venue"], r["bucket"], r["note"]) for r in held(sink)] == [("a", 1, "new"), ("a", 2, "old")]
    assert sink.state(TARGET) == state(2)


def test_names_as_long_as_staging_takes_them_can_be_indexed(sink: PostgresSink) -> None:
    """Longer ones are `too_long` there: this store could not hold the mart that has one."""
    letters = Random(1)
    names = ["".join(chr(letters.randint(0x10000, 0x1FFFF)) for _ in range(count)) for count in (200, 2_000)]
    sink.begin_generation(changed([row(names[0], 1)], after=state(1)))
    assert [r["venue"] for r in held(sink)] == names[:1]
    with pytest.raises((NeedsAttention, SinkUnavailable), match="index row"):
        sink.begin_generation(changed([row(names[1], 1)], after=state(2)))


def test_a_generation_is_shown_once_it_is_whole(sink: PostgresSink, postgres_url: str) -> None:
    sink.begin_generation(changed([row("old", 1)], after=state(1)))
    with psycopg.connect(postgres_url) as reader:
        reader.execute("create view on_top as select venue from tickhouse.some")
    filling = State("w", "g2", "l", towards=Place(5, "5@x"), after="10")
    sink.begin_generation(changed([row("new", 1)], after=filling))
    assert [r["venue"] for r in held(sink)] == ["old"]
    assert sink.state(TARGET) == filling
    whole = State("w", "g2", "l", through=Place(5, "5@x"))
    sink.write(changed([row("new", 2)], before=filling, after=whole))
    assert [(r["venue"], r["bucket"]) for r in held(sink)] == [("new", 1), ("new", 2)]
    assert sink.state(TARGET) == whole
    with psycopg.connect(postgres_url) as reader:
        assert reader.execute("select * from on_top").fetchall() == [("new",), ("new",)]
        tables = "select count(*) from pg_tables where schemaname = 'tickhouse' and tablename like 'some%'"
        assert reader.execute(tables).fetchone() == (1,)


def test_an_unfinished_generation_gives_way(sink: PostgresSink) -> None:
    filling = State("w", "g1", "l", towards=Place(5, "5@x"), after="10")
    sink.begin_generation(changed([row("half", 1)], after=filling))
    sink.begin_generation(changed([row("new", 1)], after=state(1)))
    assert [r["venue"] for r in held(sink)] == ["new"]
    with pytest.raises(StaleSink):
        sink.write(changed([row("half", 2)], before=filling, after=state(5)))


def test_of_two_runs_one_writes(sink: PostgresSink, postgres_url: str) -> None:
    other = PostgresSink(postgres_url, [TARGET])
    sink.begin_generation(changed([row("a", 1)], after=state(1)))
    other.write(changed([row("b", 1)], before=state(1), after=state(2)))
    with pytest.raises(StaleSink):
        sink.write(changed([row("b", 1)], before=state(1), after=state(2)))
    assert len(held(sink)) == 2
    other.close()


def test_killed_in_its_writes_it_knows_what_it_holds(sink: PostgresSink, postgres_url: str) -> None:
    """A process that writes a row a batch is killed, over and over; another goes on."""
    sink.begin_generation(changed([], after=state(0)))
    code = (
        "import sys; from tests.sinks.test_postgres import *; from itertools import count\n"
        "sink = PostgresSink(sys.argv[1], [TARGET]); at = sink.state(TARGET).through.batch\n"
        "for n in count(at + 1):\n"
        "    sink.write(changed([row('a', n)], keys=[('a', n)], before=state(n - 1), after=state(n)))\n"
        "    print(n, flush=True)"
    )
    seen = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", code, postgres_url], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(5):
                seen = int(writer.stdout.readline())
            writer.kill()
        at = sink.state(TARGET)
        assert at is not None
        assert at.through is not None
        assert at.through.batch >= seen
        assert [r["bucket"] for r in held(sink)] == [*range(1, at.through.batch + 1)]


def test_a_mart_with_a_new_column_is_shown_with_it(sink: PostgresSink, postgres_url: str) -> None:
    sink.begin_generation(changed([row("a", 1)], after=state(1)))
    wider = rows_of([row("a", 1)]).append_column("depth", pa.array([7], pa.int32())).drop_columns(["ratio"])
    sink.begin_generation(Changes(TARGET, None, state(2), wider.select([]), wider))
    with psycopg.connect(postgres_url) as reader:
        found = reader.execute("select depth from tickhouse.some").fetchall()
        assert found == [(7,)]


def test_what_it_cannot_hold_is_kept_as_refused_and_the_rest_goes_on(
    sink: PostgresSink, postgres_url: str
) -> None:
    rows = [row("a", 1), row("a", 2, "a\0b"), row("a\0", 3)]
    written = sink.begin_generation(changed(rows, after=state(1)))
    assert (written.row_count, written.refused_count) == (1, 2)
    assert refused(postgres_url) == [('["a", 2]',), ('["a\\u0000", 3]',)]
    keys = [("a", 2), ("a\0", 3)]
    sink.write(changed([row("a", 2, "mended")], keys=keys, before=state(1), after=state(2)))
    assert refused(postgres_url) == []
    assert [r["note"] for r in held(sink)] == ["old", "mended"]


def test_a_role_that_reads_all_and_writes_nothing(sink: PostgresSink, postgres_url: str) -> None:
    sink.begin_generation(changed([row("a", 1)], after=state(1)))
    with psycopg.connect(postgres_url, autocommit=True) as reader:
        reader.execute("set role tickhouse_reader")
        assert reader.execute("select venue from tickhouse.some").fetchall() == [("a",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("delete from tickhouse.some")


def test_a_wrong_password_is_said_and_not_shown(postgres_url: str) -> None:
    password = postgres_url.split(":")[2].split("@")[0]
    wrong = PostgresSink(postgres_url.replace(password, "wrong-secret"), [TARGET])
    with pytest.raises(SinkUnavailable, match="password authentication failed") as failure:
        wrong.state(TARGET)
    assert "wrong-secret" not in str(failure.value)


READ_ONLY = {"user": "read_only", "password": "only"}


def test_a_store_that_is_read_only_is_left_as_it_is(sink: PostgresSink, postgres_url: str) -> None:
    sink.begin_generation(changed([row("a", 1)], after=state(1)))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("create role read_only superuser login password 'only'")
        connection.execute("alter role read_only set default_transaction_read_only = on")
    read_only = PostgresSink(make_conninfo(postgres_url, **READ_ONLY), [TARGET])
    with pytest.raises(NeedsAttention, match="read-only"):
        read_only.write(changed([row("b", 1)], before=state(1), after=state(2)))
    assert sink.state(TARGET) == state(1)


def test_cleared_it_begins_again(sink: PostgresSink) -> None:
    sink.begin_generation(changed([row("a", 1)], after=state(1)))
    sink.clear()
    assert sink.state(TARGET) is None
    with pytest.raises(StaleSink):
        sink.write(changed([row("a", 1)], before=state(1), after=state(2)))


def row(venue: str, bucket: int, note: str = "old") -> tuple:
    return (venue, bucket, "2026-01-01T00:00:00", "1.5", 0.5, True, note)


def rows_of(rows: list[tuple]) -> pa.Table:
    return table(SCHEMA, rows)


def changed(
    rows: list[tuple], *, keys: list[tuple] | None = None, before: State | None = None, after: State
) -> Changes:
    return changes(TARGET, rows_of(rows), keys=keys, before=before, after=after)


def held(sink: PostgresSink) -> list[dict]:
    return sorted(all_held(sink, TARGET, SCHEMA), key=lambda r: (r["venue"], r["bucket"], r["note"] or ""))


def refused(url: str) -> list[tuple]:
    with psycopg.connect(url) as reader:
        return reader.execute("select key from tickhouse.refused_rows order by key").fetchall()
