"""What of Snowflake's SQL the project uses. A name is added once Snowflake's reference has it."""

import re
from collections.abc import Sequence

from sqlglot import Expr, exp

# fmt: off
FUNCTIONS = frozenset((
    "abs", "array_agg", "array_construct", "array_flatten", "array_generate_range", "array_max",
    "array_size", "array_slice", "array_to_string", "as_array", "as_object", "bit_length", "bitand",
    "bitshiftright", "bitxor", "cast", "coalesce", "concat_ws", "count", "count_if", "date_part",
    "date_trunc", "dateadd", "datediff", "filter", "first_value", "flatten", "floor", "get", "greatest",
    "hex_encode", "lag", "lead", "least", "left", "length", "listagg", "ln", "lower", "lpad", "max",
    "max_by", "md5", "md5_number_lower64", "median", "min", "min_by", "mod", "nullif", "object_construct",
    "object_keys", "octet_length", "parse_json", "percentile_cont", "power", "rank", "reduce",
    "regexp_like", "regexp_replace", "regexp_substr_all", "replace", "right", "round", "row_number", "rtrim",
    "sqrt", "sum", "sysdate", "time_slice", "timestampdiff", "to_binary", "to_char", "to_date", "to_json",
    "to_timestamp_ntz", "transform", "trim", "trunc", "try_cast", "try_parse_json", "try_to_timestamp_ntz",
    "typeof", "upper",
))
# fmt: on
# What looks like a call and is none.
# fmt: off
KEYWORDS = frozenset((
    "affected", "and", "as", "by", "decimal", "else", "exclude", "exists", "from", "group", "having", "in",
    "input", "insert", "into", "join", "match_condition", "not", "number", "on", "or", "over", "select",
    "table", "then", "tiles", "union", "using", "values", "varchar", "varying", "when", "where", "with",
    "within",
))
# fmt: on
DUCKDB_ONLY = re.compile(r"\blambda\b|\bas materialized\b|\bsemi join\b|\banti join\b|\bpositional join\b")
OTHER_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"|/\*.*?\*/|--[^\n]*", re.DOTALL)


def unknown(sql: str, statements: Sequence[Expr | None]) -> list[str]:
    """What in it is no word of Snowflake's that we use."""
    bare = OTHER_TEXT.sub("", sql).lower()
    called = set(re.findall(r"(?<![\w.])([a-z_][a-z0-9_]*)\s*\(", bare))
    named = {
        table.alias_or_name.lower()
        for tree in statements
        if tree
        for table in tree.find_all(exp.CTE, exp.Table)
    }
    return sorted(called - FUNCTIONS - KEYWORDS - named) + DUCKDB_ONLY.findall(bare)
