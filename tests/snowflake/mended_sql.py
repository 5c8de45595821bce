"""Snowflake's SQL, so that fakesnow understands it as Snowflake does: what it passes over or misreads.

tree ─▶ from the leaves up, each kind of node in MENDS ─▶ tree
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from collections.abc import Callable
from typing import Any

from sqlglot import Expr, exp

SORTABLE = "YYYYMMDDHH24MISSFF6"


def mended(tree: Expr) -> Expr:
    """From the leaves up, so that a call within a call is mended too."""
    nodes = list(tree.walk())[::-1]
    for node in nodes:
        mend_node = MENDS.get(type(node))
        other = mend_node(node) if mend_node else node
        if other is not node:
            tree = other if node is tree else tree
            node.replace(other)
    return tree


def _call(name: str, *arguments: Any) -> Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _on_a_list(function: str) -> Callable[[Expr], Expr]:
    """Arrays are JSON here; DuckDB's functions take lists."""

    def mend(node: Expr) -> Expr:
        array = _call("_sf_list", node.this.copy())
        return _call("_sf_json", _call(function, array, node.expression.copy()))

    return mend


def _flatten(node: Expr) -> Expr:
    """`recursive` and `outer` are passed over by fakesnow."""
    explode = node.this
    if not isinstance(explode, exp.Explode):
        return node
    told = [explode.this, *explode.expressions]
    given = {each.this.name: each.expression.copy() for each in told if isinstance(each, exp.Kwarg)}
    if "recursive" in given:
        call = _call("_sf_flatten_recursive", given["input"])
    else:
        call = _call("_sf_flatten", given["input"], given.get("outer", exp.false()))
    return exp.Table(this=call, alias=node.args["alias"].copy())


def _cast(node: Expr) -> Expr:
    """A text in a list comes without its quotes; NUMBER(38, 0) is wider than fakesnow's BIGINT."""
    is_flattened = isinstance(node.this, exp.Column) and node.this.name == "value"
    is_of_lambda = isinstance(node.this, exp.Identifier)
    if node.to.is_type("varchar", "text") and (is_flattened or is_of_lambda):
        root = exp.JSONPath(expressions=[exp.JSONPathRoot()])
        return exp.JSONExtractScalar(this=node.this.copy(), expression=root)
    if node.to.sql() == "DECIMAL(38, 0)":
        node.set("to", exp.DataType(this=exp.DType.USERDEFINED, kind="DECIMAL(38, 0)"))
    return node


def _array_agg(node: Expr) -> Expr:
    """Without NULLs, in the order that is asked for."""
    if not isinstance(node.this, exp.ArrayAgg):
        return node
    value = node.this.this
    listed = _call("list", exp.Order(this=value.copy(), expressions=node.expression.copy().expressions))
    kept = exp.Where(this=value.copy().is_(exp.null()).not_())
    return _call("to_json", _call("coalesce", exp.Filter(this=listed, expression=kept), exp.array()))


def _to_char(node: Expr) -> Expr:
    """A column's format is forgotten by fakesnow."""
    if node.text("format") == SORTABLE:
        return _call("strftime", node.this.copy(), exp.Literal.string("%Y%m%d%H%M%S%f"))
    return node


def _trim(node: Expr) -> Expr:
    """What is to be trimmed off is forgotten by fakesnow."""
    if node.expression and node.args.get("position") == "TRAILING":
        return _call("rtrim", node.this.copy(), node.expression.copy())
    return node


def _pad(node: Expr) -> Expr:
    node.set("this", exp.cast(node.this.copy(), "TEXT"))
    return node


def _unknown_function(node: Expr) -> Expr:
    if node.name.upper() == "TRY_TO_TIMESTAMP_NTZ":
        return _call("_sf_try_timestamp", *(each.copy() for each in node.expressions))
    return node


def _named(name: str, *parts: str) -> Callable[[Expr], Expr]:
    """A macro of ours in its place."""
    return lambda node: _call(name, *(node.args[part].copy() for part in ("this", *parts)))


def _index(node: Expr) -> Expr:
    """Bits come as HUGEINT, by which DuckDB finds nothing in a list."""
    node.set("expression", exp.cast(node.expression.copy(), "BIGINT"))
    return node


def _range(node: Expr) -> Expr:
    for part in ("start", "end"):
        node.set(part, exp.cast(node.args[part].copy(), "BIGINT"))
    return node


def _join(node: Expr) -> Expr:
    return _asof_join(node) if node.args.get("match_condition") else node


def _called_in_from(node: Expr) -> Expr:
    """table(marts.book_at(…))"""
    if not isinstance(node.this, exp.Dot):
        return node
    alias = node.args.get("alias")
    call, schema = node.this.expression.copy(), exp.to_identifier(node.this.this.name)
    return exp.Table(this=call, db=schema, alias=alias.copy() if alias else None)


def _asof_join(join: Expr) -> Expr:
    """`asof join … match_condition (…)` is DuckDB's `asof left join … on … and …`."""
    match = join.args["match_condition"]
    match = match.this if isinstance(match, exp.Paren) else match
    on = join.args.get("on")
    join.set("match_condition", None)
    join.set("side", "LEFT")
    join.set("on", exp.and_(on.copy(), match.copy()) if on else match.copy())
    return join


def _lower_half_of_md5(node: Expr) -> Expr:
    """DuckDB's own function reads the bytes the other way round."""
    digits = _call("substr", exp.MD5(this=node.this.copy()), exp.Literal.number(17))
    return exp.cast(_call("concat", exp.Literal.string("0x"), digits), "UBIGINT", dialect="duckdb")


def _create(create: Expr) -> Expr:
    return _temporary_table_with_a_schema(_without_comments(create))


def _without_comments(create: Expr) -> Expr:
    """fakesnow takes the apostrophes in them for its own, and knows none on the columns of a view."""
    if properties := create.args.get("properties"):
        kept = [each for each in properties.expressions if not isinstance(each, exp.SchemaCommentProperty)]
        properties.set("expressions", kept)
    for constraint in list(create.find_all(exp.ColumnConstraint)):
        if isinstance(constraint.kind, exp.CommentColumnConstraint):
            constraint.pop()
    return create


def _temporary_table_with_a_schema(create: Expr) -> Expr:
    """DuckDB keeps its temporary tables in a schema of their own: an ordinary one does here."""
    if create.kind != "TABLE" or not create.args.get("properties"):
        return create
    table = create.this.this if isinstance(create.this, exp.Schema) else create.this
    if table.args.get("db"):
        properties = create.args["properties"]
        kept = [each for each in properties.expressions if not isinstance(each, exp.TemporaryProperty)]
        properties.set("expressions", kept)
    return create


MENDS: dict[type, Callable[[Any], Expr]] = {
    exp.ArrayFilter: _on_a_list("list_filter"),
    exp.Transform: _on_a_list("list_transform"),
    exp.Lateral: _flatten,
    exp.Cast: _cast,
    exp.Trim: _trim,
    exp.ToChar: _to_char,
    exp.WithinGroup: _array_agg,
    exp.Pad: _pad,
    exp.Anonymous: _unknown_function,
    exp.Join: _join,
    exp.Create: _create,
    exp.Comment: lambda _: exp.select(exp.Literal.number(1)),
    exp.JSONFormat: _named("_sf_json_text"),
    exp.ArrayMax: _named("_sf_array_max"),
    exp.Flatten: _named("_sf_array_flatten"),
    exp.ArraySlice: _named("_sf_array_slice", "start", "end"),
    exp.Typeof: _named("_sf_typeof"),
    exp.MD5NumberLower64: _lower_half_of_md5,
    exp.GetExtract: _index,
    exp.GenerateSeries: _range,
    exp.TableFromRows: _called_in_from,
}
