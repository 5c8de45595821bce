"""fakesnow's server, mended where it differs from Snowflake without saying so. Runs in its own environment.

Each mend was found by a query whose answers on the two engines were not the same.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

import gzip
import importlib
import json
import sys
import time
from typing import Any

import duckdb
import fakesnow.arrow
import fakesnow.cli
import fakesnow.conn
import fakesnow.cursor
import fakesnow.macros
import fakesnow.transforms
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from known_sql import unknown
from mended_locks import Locks
from mended_sql import mended
from refused_sql import TRANSACTIONS, defines, refused
from sqlglot import Expr, exp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

from snowflake.connector.errors import ProgrammingError

MACROS = """
create or replace macro {catalog}.as_array(input) as case when json_type(input) = 'ARRAY' then input end;
create or replace macro {catalog}.as_object(input) as case when json_type(input) = 'OBJECT' then input end;
create or replace macro {catalog}._sf_list(input) as cast(input as json[]);
create or replace macro {catalog}._sf_json(input) as case when input is not null then to_json(input) end;
create or replace macro {catalog}._sf_json_text(input) as
    case when input is not null then cast(to_json(input) as varchar) end;
create or replace macro {catalog}._sf_array_max(input) as list_max(cast(input as double[]));
create or replace macro {catalog}._sf_array_flatten(input) as
    case when input is not null then to_json(flatten(cast(input as json[][]))) end;
create or replace macro {catalog}._sf_array_slice(input, first, past) as
    case when input is not null then to_json(list_slice(cast(input as json[]), first + 1, past)) end;
create or replace macro {catalog}._sf_try_timestamp(input) as try_cast(input as timestamp);
create or replace macro {catalog}._sf_typeof(input) as case json_type(input)
    when 'UBIGINT' then 'INTEGER' when 'BIGINT' then 'INTEGER' when 'DOUBLE' then 'DECIMAL'
    when 'NULL' then 'NULL_VALUE' else json_type(input) end;
create or replace macro {catalog}._sf_flatten(input, is_outer) as table
    select hash(to_json(input))::ubigint as seq, part.k as key,
        coalesce(part.k, '[' || part.i || ']') as path,
        part.i as index, part.v as value, to_json(input) as this
    from (select unnest(
        case when json_type(to_json(input)) = 'OBJECT'
        then list_transform(json_keys(to_json(input)), lambda k, n:
            struct_pack(k := k, i := null::bigint, v := cast(to_json(input) -> k as json)))
        when json_type(to_json(input)) = 'ARRAY' and (not is_outer or json_array_length(to_json(input)) > 0)
        then list_transform(cast(to_json(input) as json[]), lambda v, n:
            struct_pack(k := null::varchar, i := (n - 1)::bigint, v := v))
        when is_outer
        then [struct_pack(k := null::varchar, i := null::bigint, v := null::json)] end) as part);
create or replace macro {catalog}._sf_flatten_recursive(input) as table
    select hash(input)::ubigint as seq, null::varchar as key,
        regexp_replace(node.fullkey, '^[$][.]?', '') as path,
        null::bigint as index, node.value as value, input as this
    from json_tree(input) as node where node.fullkey <> '$'
"""

LOCKS = Locks()
start = fakesnow.server
SERVER = importlib.import_module("fakesnow.server")


def mend() -> None:
    transform = fakesnow.cursor.FakeSnowflakeCursor._transform
    fakesnow.cursor.FakeSnowflakeCursor._transform = lambda self, tree, params: _as_duckdb_has_it(
        transform, self, tree, params
    )
    _mend_sessions()
    # It makes DOUBLEs of what is summed, in case that is text.
    fakesnow.transforms.numeric_agg_implicit_cast = lambda node: node
    merge = fakesnow.transforms.merge
    fakesnow.transforms.merge = lambda node: merge(_merge_source_named(node))
    times = fakesnow.arrow.timestamp_to_sf_struct
    fakesnow.arrow.timestamp_to_sf_struct = lambda column: _null_stays_null(times, column)
    execute = fakesnow.cursor.FakeSnowflakeCursor.execute
    fakesnow.cursor.FakeSnowflakeCursor.execute = lambda *of, **how: _executed(execute, *of, **how)
    creation = fakesnow.macros.creation_sql
    fakesnow.macros.creation_sql = lambda catalog: f"{creation(catalog)};{MACROS.format(catalog=catalog)}"


def _mend_sessions() -> None:
    session = fakesnow.conn.FakeSnowflakeConnection
    session.is_in_transaction = session.is_busy = False
    session.heard_at = 0.0
    session.parameters = {}
    login = next(route for route in SERVER.routes if route.path == "/session/v1/login-request")
    login.app = request_response(_log_in)
    closing = next(route for route in SERVER.routes if route.path == "/session")
    closing.app = request_response(_close)


async def _log_in(request: Request) -> Response:
    """What the client sets for its session."""
    response = await SERVER.login_request(request)
    body = await request.body()
    told = json.loads(gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body)
    token = json.loads(response.body)["data"]["token"]
    SERVER.sessions[token].parameters = told["data"]["SESSION_PARAMETERS"]
    return response


async def _close(request: Request) -> Response:
    """A session that is closed rolls back."""
    if request.query_params.get("delete"):
        session = SERVER.to_conn(SERVER.to_token(request))
        if session.is_in_transaction:
            session.cursor().execute("rollback")
        LOCKS.free(session)
    return await SERVER.session(request)


def _as_duckdb_has_it(transform: Any, cursor: Any, tree: Expr, params: Any) -> Expr:
    _refuse(cursor, tree)
    LOCKS.take(cursor._conn, tree)
    if _makes_table_function(tree):
        return _table_function(transform, cursor, tree)
    return transform(cursor, mended(tree), params)


def _refuse(cursor: Any, tree: Expr) -> None:
    """What an account would refuse, and what it would do otherwise than we mean."""
    found = refused(tree)
    if isinstance(tree, exp.Query | exp.Insert | exp.Update | exp.Delete | exp.Merge):
        found += [f"unknown: {name}" for name in unknown(cursor.sent, [tree])]
    if cursor._conn.is_in_transaction and (defines(tree) or isinstance(tree, exp.Transaction)):
        found.append(f"it would commit, or be part of, the transaction that is open ({TRANSACTIONS})")
    if found:
        raise ProgrammingError(msg=f"Refused: {'; '.join(found)}", errno=1003, sqlstate="42000")


def _makes_table_function(tree: Expr) -> bool:
    return isinstance(tree, exp.Create) and tree.kind == "FUNCTION" and bool(tree.find(exp.ReturnsProperty))


def _table_function(transform: Any, cursor: Any, create: Expr) -> Expr:
    """DuckDB calls it a macro; fakesnow has none."""
    signature = create.this
    name = signature.this.sql(dialect="duckdb")
    arguments = ", ".join(argument.name for argument in signature.expressions)
    body = mended(sqlglot.parse_one(create.expression.this, read="snowflake"))
    query = transform(cursor, body, None).sql(dialect="duckdb")
    cursor._duck_conn.execute(f"create or replace macro {name}({arguments}) as table {query}")
    return fakesnow.transforms.SUCCESS_NOP.copy()


def _merge_source_named(node: Expr) -> Expr:
    """Columns without a table in `merge … insert values (…)` are the source's."""
    if isinstance(node, exp.Merge):
        source = node.args["using"].alias_or_name
        for insert in node.args["whens"].find_all(exp.Insert):
            for column in insert.expression.find_all(exp.Column) if insert.expression else ():
                if not column.table:
                    column.set("table", exp.to_identifier(source))
    return node


def _executed(execute: Any, cursor: Any, command: str, *of: Any, **how: Any) -> Any:
    session, cursor.sent = cursor._conn, command
    word = command.split(maxsplit=1)[0].strip(";").lower()
    session.is_busy = True
    try:
        return execute(cursor, command, *of, **how)
    except duckdb.TransactionException as error:
        raise ProgrammingError(msg=f"Lock wait ended: {error}", errno=625, sqlstate="57014") from None
    finally:
        session.is_busy, session.heard_at = False, time.monotonic()
        if word in ("begin", "commit", "rollback"):
            session.is_in_transaction = word == "begin"
        if not session.is_in_transaction:
            LOCKS.free(session)


def _null_stays_null(convert: Any, column: Any) -> Any:
    """A timestamp that is NULL came out as 1970."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    struct = convert(column)
    if not column.null_count:
        return struct
    parts = [struct.field(number).fill_null(0) for number in range(struct.type.num_fields)]
    fields = [struct.type.field(number) for number in range(struct.type.num_fields)]
    return pa.StructArray.from_arrays(parts, fields=fields, mask=pc.is_null(column))


if __name__ == "__main__":
    mend()
    # The command calls a function that the module of the same name hides.
    start.app = SERVER.app  # which it looks for in the module
    fakesnow.server = start
    sys.exit(fakesnow.cli.main(sys.argv[1:]))
