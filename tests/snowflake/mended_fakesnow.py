"""fakesnow's server, mended where it differs from Snowflake without saying so. Runs in its own environment.

Each mend was found by a query whose answers on the two engines were not the same.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

import sys
from typing import Any

import duckdb
import fakesnow.arrow
import fakesnow.cli
import fakesnow.cursor
import fakesnow.macros
import fakesnow.transforms
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import Expr, exp

from snowflake.connector.errors import ProgrammingError

FLATTEN = """create or replace macro {catalog}._fs_flatten(input) as table
    select hash(to_json(input))::ubigint as seq, part.k as key,
        coalesce(part.k, '[' || part.i || ']') as path,
        part.i as index, part.v as value, to_json(input) as this
    from (select unnest(
        case when json_type(to_json(input)) = 'OBJECT'
        then list_transform(json_keys(to_json(input)), lambda k, n:
            struct_pack(k := k, i := null::bigint, v := cast(to_json(input) -> k as json)))
        else list_transform(cast(to_json(input) as json[]), lambda v, n:
            struct_pack(k := null::varchar, i := (n - 1)::bigint, v := v)) end) as part)"""


def mend() -> None:
    first_transform = fakesnow.transforms.current_version
    fakesnow.transforms.current_version = lambda node: first_transform(_mended(node))
    merge = fakesnow.transforms.merge
    fakesnow.transforms.merge = lambda node: merge(_merge_source_named(node))
    times = fakesnow.arrow.timestamp_to_sf_struct
    fakesnow.arrow.timestamp_to_sf_struct = lambda column: _null_stays_null(times, column)
    execute = fakesnow.cursor.FakeSnowflakeCursor.execute
    fakesnow.cursor.FakeSnowflakeCursor.execute = lambda *of, **how: _wait_ended(execute, *of, **how)
    creation = fakesnow.macros.creation_sql
    fakesnow.macros.creation_sql = lambda catalog: f"{creation(catalog)};{FLATTEN.format(catalog=catalog)}"


def _mended(node: Expr) -> Expr:
    if isinstance(node, exp.Join) and node.args.get("match_condition"):
        return _asof_join(node)
    if isinstance(node, exp.Create) and node.kind == "TABLE" and node.args.get("properties"):
        return _temporary_table_with_a_schema(node)
    if isinstance(node, exp.ArrayFilter):
        return _filter_of_json(node)
    return node


def _asof_join(join: exp.Join) -> exp.Join:
    """`asof join … match_condition (…)` is DuckDB's `asof left join … on … and …`."""
    match = join.args["match_condition"]
    match = match.this if isinstance(match, exp.Paren) else match
    on = join.args.get("on")
    join.set("match_condition", None)
    join.set("side", "LEFT")
    join.set("on", exp.and_(on.copy(), match.copy()) if on else match.copy())
    return join


def _temporary_table_with_a_schema(create: exp.Create) -> exp.Create:
    """DuckDB keeps its temporary tables in a schema of their own: an ordinary one does here."""
    table = create.this.this if isinstance(create.this, exp.Schema) else create.this
    if table.args.get("db"):
        properties = create.args["properties"]
        kept = [each for each in properties.expressions if not isinstance(each, exp.TemporaryProperty)]
        properties.set("expressions", kept)
    return create


def _filter_of_json(node: Expr) -> Expr:
    """Arrays are JSON here; DuckDB filters lists."""
    if not node.this.find(exp.Cast):
        node.set("this", exp.cast(node.this.copy(), "JSON[]", dialect="duckdb"))
    return node


def _merge_source_named(node: Expr) -> Expr:
    """Columns without a table in `merge … insert values (…)` are the source's."""
    if isinstance(node, exp.Merge):
        source = node.args["using"].alias_or_name
        for insert in node.args["whens"].find_all(exp.Insert):
            for column in insert.expression.find_all(exp.Column) if insert.expression else ():
                if not column.table:
                    column.set("table", exp.to_identifier(source))
    return node


def _wait_ended(execute: Any, *of: Any, **how: Any) -> Any:
    """Snowflake lets writers of one table wait for each other; DuckDB refuses the second one at once."""
    try:
        return execute(*of, **how)
    except duckdb.TransactionException as error:
        raise ProgrammingError(msg=f"Lock wait ended: {error}", errno=625, sqlstate="57014") from None


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
    sys.exit(fakesnow.cli.main(sys.argv[1:]))
