"""What a table holds, in two numbers that DuckDB and Snowflake reckon alike, in whatever order its rows lie.

row ─▶ a text, each value as its md5 or its digits ─▶ md5 ─▶ its lower half as a number ─▶ the sum of them

Headers count on their own, each with the message it belongs to: JSON is not written alike everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

PLACE = ("topic_life::varchar", "kafka_partition::varchar", "kafka_offset::varchar", "place::varchar")
"""Which header of which message."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Two tables with the same one hold the same rows."""

    row_count: int
    hash_sum: int


@dataclass(frozen=True, slots=True)
class Engine:
    """What the two engines write differently."""

    microseconds: str
    hexadecimal: str
    lower_half: str
    """Of an md5, as a number."""
    headers: str
    """Of a table `{table}`, a row each: the message's columns, place, name, value, bytes as hexadecimal."""


DUCKDB = Engine(
    "epoch_us({})",
    "hex({})",
    "('0x' || substr(md5({}), 17))::ubigint",
    """select topic_life, kafka_partition, kafka_offset, place, header.name as name, header.value as value,
           lower(hex(header.value_bytes)) as bytes
       from (select *, unnest(headers) as header, generate_subscripts(headers, 1) - 1 as place
             from {table})""",
)
SNOWFLAKE = Engine(
    "date_part(epoch_microsecond, {})",
    "hex_encode({})",
    "md5_number_lower64({})",
    """select landed.topic_life, landed.kafka_partition, landed.kafka_offset, header.index as place,
           header.value:name::varchar as name, header.value:value::varchar as value,
           header.value:value_bytes::varchar as bytes
       from {table} as landed, lateral flatten(input => landed.headers) as header""",
)


def digests(rows: Iterable[Any]) -> dict[str, Digest]:
    """By table, from the answer to `digest_query`."""
    return {table: Digest(int(count), int(hashes)) for table, count, hashes in rows}


def digest_query(engine: Engine, schemas: Mapping[str, pa.Schema]) -> str:
    """Asks the engine for the digests of these tables; their columns as DuckDB gives them in Arrow."""
    return " union all ".join(_digest_of(engine, table, schema) for table, schema in schemas.items())


def _digest_of(engine: Engine, table: str, schema: pa.Schema) -> str:
    parts = [f"select 1 as is_row, {_text(engine, schema)} as content from {table}"]
    if "headers" in schema.names:
        text = _joined([*PLACE, _md5("name"), _md5("value"), _md5("bytes")])
        parts.append(f"select null, {text} from ({engine.headers.format(table=table)}) as every_header")
    hashed = engine.lower_half.format("content")
    return (
        f"select '{table}', count(is_row), coalesce(sum({hashed}), 0)::varchar "
        f"from ({' union all '.join(parts)}) as contents"
    )


def _text(engine: Engine, schema: pa.Schema) -> str:
    return _joined([_piece(engine, field) for field in schema if not pa.types.is_list(field.type)])


def _piece(engine: Engine, field: pa.Field) -> str:
    if pa.types.is_timestamp(field.type):
        return f"{engine.microseconds.format(field.name)}::varchar"
    if pa.types.is_binary(field.type):
        return _md5(engine.hexadecimal.format(field.name))
    return _md5(field.name) if pa.types.is_string(field.type) else f"{field.name}::varchar"


def _md5(expression: str) -> str:
    return f"md5({expression})"


def _joined(pieces: list[str]) -> str:
    """NULL is a dash, which neither digits nor an md5 can be."""
    never_null = ", ".join(f"coalesce({piece}, '-')" for piece in pieces)
    return f"concat_ws('|', {never_null})"
