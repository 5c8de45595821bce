"""What Snowflake refuses though it parses, or does other than it reads: each rule with the page that says so.

tree ─▶ every rule in RULES ─▶ what is wrong with it, nothing if it may be sent

The stand-in asks it of every statement it is sent, and a test of every statement that dbt compiles. A rule
may be stricter than Snowflake: what its documentation does not promise is not relied on.
"""

from collections.abc import Callable, Iterator

from sqlglot import Expr, exp
from sqlglot.optimizer.scope import Scope, traverse_scope

DOCS = "https://docs.snowflake.com/en"
INSERT = f"{DOCS}/sql-reference/sql/insert"
SUBQUERIES = f"{DOCS}/user-guide/querying-subqueries"
WINDOWS = f"{DOCS}/sql-reference/functions-window-syntax"
QUALIFY = f"{DOCS}/sql-reference/constructs/qualify"
TRANSACTIONS = f"{DOCS}/sql-reference/transactions"
GREATEST = f"{DOCS}/sql-reference/functions/greatest"
PRUNING = f"{DOCS}/user-guide/tables-clustering-micropartitions"
RECURSION = f"{DOCS}/sql-reference/constructs/with"

# fmt: off
NO_CONSTANT = (
    exp.Query, exp.Subquery, exp.Column, exp.ParseJSON, exp.Array, exp.Struct, exp.ToArray, exp.AggFunc,
    exp.Window, exp.Anonymous,
)
IN_FRAMES = (
    exp.Avg, exp.Count, exp.CountIf, exp.FirstValue, exp.LastValue, exp.Max, exp.Min, exp.NthValue,
    exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Sum, exp.Variance, exp.VariancePop,
)
IN_ORDER = (
    exp.CumeDist, exp.DenseRank, exp.Lag, exp.Lead, exp.Ntile, exp.PercentRank, exp.Rank, exp.RowNumber,
)
IN_PARTITIONS = (
    exp.ApproxDistinct, exp.ArrayAgg, exp.GroupConcat, exp.Median, exp.Mode, exp.PercentileCont,
    exp.PercentileDisc, exp.AnyValue,
)
# fmt: on
DEFINES = (exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)


def refused(tree: Expr) -> list[str]:
    """What is wrong with a statement as Snowflake's documentation has it."""
    return [f"{said} ({page})" for rule, page in RULES for said in rule(tree)]


def defines(tree: Expr) -> bool:
    """Whether it commits the transaction that is open: DDL does, and CREATE TABLE … AS SELECT is DDL."""
    return isinstance(tree, DEFINES) and not (isinstance(tree, exp.Alter) and tree.kind == "SESSION")


def _values_are_constants(tree: Expr) -> Iterator[str]:
    for values in tree.find_all(exp.Values):
        if found := next(values.find_all(*NO_CONSTANT), None):
            yield f"VALUES takes constants only, not {_text(found)}"


def _correlated_scalars_aggregate(tree: Expr) -> Iterator[str]:
    """One row must be certain as it is compiled, and no LIMIT makes it so."""
    for scope in _correlated(tree):
        query = scope.expression
        if _is_scalar(query) and not _is_one_row(query):
            yield f"a correlated scalar subquery must aggregate, without GROUP BY: {_text(query)}"
        if query.args.get("limit") or query.args.get("fetch"):
            yield f"LIMIT is for scalar subqueries that are not correlated: {_text(query)}"


def _no_correlation_in_flatten(tree: Expr) -> Iterator[str]:
    for scope in _correlated(tree):
        if isinstance(scope.expression, exp.Query) and scope.expression.find(exp.Explode):
            yield f"a correlated subquery in FLATTEN: {_text(scope.expression)}"


def _frames(tree: Expr) -> Iterator[str]:
    for window in tree.find_all(exp.Window):
        function, spec, order = _function(window), window.args.get("spec"), window.args.get("order")
        if not isinstance(function, IN_FRAMES + IN_ORDER + IN_PARTITIONS):
            yield f"{_text(function)} is no window function"
        elif isinstance(function, IN_PARTITIONS) and (order or spec):
            yield f"OVER takes no ORDER BY and no frame here: {_text(window)}"
        elif isinstance(function, IN_ORDER) and not order:
            yield f"OVER wants an ORDER BY: {_text(window)}"
        elif isinstance(function, IN_ORDER) and spec:
            yield f"OVER takes no frame here: {_text(window)}"
        elif spec:
            yield from _frame(window, spec)
        if order and function.find(exp.Distinct):
            yield f"DISTINCT in an ordered window: {_text(window)}"


def _frame(window: exp.Window, spec: exp.WindowSpec) -> Iterator[str]:
    keys = window.args["order"].expressions if window.args.get("order") else []
    has_offset = any(isinstance(spec.args.get(side), Expr) for side in ("start", "end"))
    if spec.args["kind"].upper() not in ("ROWS", "RANGE") or spec.args.get("exclude"):
        yield f"frames are ROWS or RANGE, without EXCLUDE: {_text(window)}"
    if has_offset and not keys:
        yield f"a frame with an offset wants an ORDER BY: {_text(window)}"
    if has_offset and spec.args["kind"].upper() == "RANGE" and len(keys) != 1:
        yield f"RANGE with an offset wants one key to order by: {_text(window)}"
    offsets = [spec.args.get(side) for side in ("start", "end")]
    if any(isinstance(offset, Expr) and offset.find(exp.Column) for offset in offsets):
        yield f"the offset of a frame is a constant: {_text(window)}"


def _qualify_has_a_window(tree: Expr) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        qualify = select.args.get("qualify")
        if qualify and not any(part.find(exp.Window) for part in (qualify, *select.expressions)):
            yield f"QUALIFY without a window function: {_text(qualify)}"


def _bounds_keep_null(tree: Expr) -> Iterator[str]:
    """NULL there, where DuckDB passes NULL over; the macros at_least and at_most are alike on both."""
    for call in tree.find_all(exp.Greatest, exp.Least):
        if any(isinstance(each, exp.Literal) for each in (call.this, *call.expressions)):
            yield f"a value and a bound, of which NULL makes NULL: {_text(call)}"


def _batches_are_numbers(tree: Expr) -> Iterator[str]:
    """No part of a table is left out by what a subquery says, even where it says a constant."""
    writes = isinstance(tree, exp.Insert) or (isinstance(tree, exp.Create) and tree.kind == "TABLE")
    for compared in tree.find_all(exp.GT, exp.LTE, exp.EQ) if writes else ():
        if compared.this.name.lower() == "batch_id" and isinstance(compared.expression, exp.Subquery):
            yield f"it reads all of the table: {_text(compared)}"


def _recursion_is_plain(tree: Expr) -> Iterator[str]:
    for clause in tree.find_all(exp.With):
        for cte in clause.expressions if clause.recursive else ():
            recursive = cte.this.args.get("expression")
            if isinstance(cte.this, exp.Union) and _reads(recursive, cte.alias):
                if cte.this.args.get("distinct"):
                    yield f"a recursive CTE takes UNION ALL: {cte.alias}"
                if recursive.find(exp.Group, exp.Order, exp.Limit, exp.Distinct, exp.Window, exp.AggFunc):
                    yield f"the recursive part of a CTE neither groups nor orders nor limits: {cte.alias}"


def _correlated(tree: Expr) -> Iterator[Scope]:
    """Subqueries that read a column of the query, or of the UPDATE, around them."""
    for query in _queries(tree):
        for scope in traverse_scope(query):
            is_within = not scope.is_root or query is not tree
            if is_within and any(column.table for column in scope.external_columns):
                yield scope


def _queries(tree: Expr) -> Iterator[Expr]:
    """The outermost ones: of an INSERT or CREATE its own, of UPDATE and DELETE those within."""
    if isinstance(tree, exp.Query):
        yield tree
    else:
        for child in tree.iter_expressions():
            yield from _queries(child)


def _is_scalar(query: Expr) -> bool:
    around = query.parent.parent if isinstance(query.parent, exp.Subquery) else query.parent
    return not isinstance(around, exp.In | exp.Exists | exp.From | exp.Join | exp.Lateral | exp.CTE) and (
        not isinstance(query.parent, exp.In | exp.Exists | exp.CTE)
    )


def _is_one_row(query: Expr) -> bool:
    return (
        isinstance(query, exp.Select)
        and not query.args.get("group")
        and all(_aggregates(each) for each in query.selects)
    )


def _aggregates(selected: Expr) -> bool:
    return any(not isinstance(each.parent, exp.Window) for each in selected.find_all(exp.AggFunc))


def _function(window: exp.Window) -> Expr:
    """The function itself, without IGNORE NULLS and WITHIN GROUP."""
    function = window.this
    while isinstance(function, exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup):
        function = function.this
    return function


def _reads(query: Expr, name: str) -> bool:
    return any(table.name == name for table in query.find_all(exp.Table))


def _text(node: Expr) -> str:
    return " ".join(node.sql("snowflake").split())[:160]


RULES: tuple[tuple[Callable[[Expr], Iterator[str]], str], ...] = (
    (_values_are_constants, INSERT),
    (_correlated_scalars_aggregate, SUBQUERIES),
    (_no_correlation_in_flatten, SUBQUERIES),
    (_frames, WINDOWS),
    (_qualify_has_a_window, QUALIFY),
    (_recursion_is_plain, RECURSION),
    (_bounds_keep_null, GREATEST),
    (_batches_are_numbers, PRUNING),
)
