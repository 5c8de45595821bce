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
import sqlglot
from mended_sql import mended
from sqlglot import Expr, exp

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


def mend() -> None:
    transform = fakesnow.cursor.FakeSnowflakeCursor._transform
    fakesnow.cursor.FakeSnowflakeCursor._transform = lambda self, tree, params: (
        _table_function(transform, self, tree)
        if _makes_table_function(tree)
        else transform(self, mended(tree), params)
    )
    # It makes DOUBLEs of what is summed, in case that is text.
    fakesnow.transforms.numeric_agg_implicit_cast = lambda node: node
    merge = fakesnow.transforms.merge
    fakesnow.transforms.merge = lambda node: merge(_merge_source_named(node))
    times = fakesnow.arrow.timestamp_to_sf_struct
    fakesnow.arrow.timestamp_to_sf_struct = lambda column: _null_stays_null(times, column)
    execute = fakesnow.cursor.FakeSnowflakeCursor.execute
    fakesnow.cursor.FakeSnowflakeCursor.execute = lambda *of, **how: _wait_ended(execute, *of, **how)
    creation = fakesnow.macros.creation_sql
    fakesnow.macros.creation_sql = lambda catalog: f"{creation(catalog)};{MACROS.format(catalog=catalog)}"


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
