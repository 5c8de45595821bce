"""Is every table of the models the same in two warehouses, row by row and value by value?

rows of DuckDB ─┐
                ├─▶ the same number of each row?  what is left over ─▶ but for the last digits of a DOUBLE?
rows of Snowflake ┘

Left out is what says when and in which batch a row landed: each warehouse cuts its own batches.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb
from snowflake.connector.errors import ProgrammingError

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.models import Model, read_models
from ingest.warehouse.protocol import Warehouse
from ingest.warehouse.snowflake.session import NO_SUCH_OBJECT
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse

OF_LANDING = ("batch_id", "landed_at")
OF_LANDING_TOO = "published_to_landed_"
DIGITS = 1e-9
"""Two engines add and divide DOUBLEs in other orders."""

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of one table. None: it is not there."""

    relation: str
    duckdb_rows: int | None
    snowflake_rows: int | None
    only_duckdb: Sequence[Row] = ()
    only_snowflake: Sequence[Row] = ()

    @property
    def is_same(self) -> bool:
        is_there = self.duckdb_rows is not None and self.snowflake_rows is not None
        return is_there and not self.only_duckdb and not self.only_snowflake


def compare(settings: Settings, select: Iterable[str] = ()) -> Iterator[Compared]:
    """Table by table. `settings` name a Snowflake account, and TICKHOUSE_HOME has the DuckDB file."""
    with DuckDbWarehouse(settings.warehouse_path) as here, SnowflakeWarehouse(settings) as there:
        _check_positions(here, there)
        for model in _chosen(set(select)):
            if not model.rows_by_batch:
                yield _compared(model, here, there)


def _chosen(wanted: set[str]) -> list[Model]:
    """Those that are named; all, if none is."""
    models = [model for model in read_models() if not wanted or model.name in wanted]
    if unknown := wanted - {model.name for model in models}:
        raise NeedsAttention(f"There is no model {', '.join(sorted(unknown))} in dbt_project.")
    return models


def _check_positions(here: Warehouse, there: Warehouse) -> None:
    """Tables of other messages are other tables."""
    landed, landed_there = here.positions(), there.positions()
    apart = [name for name in sorted({*landed, *landed_there}) if landed.get(name) != landed_there.get(name)]
    if apart:
        raise NeedsAttention(
            f"The two warehouses have not landed the same messages of {', '.join(apart[:3])}"
            f"{' and others' if len(apart) > 3 else ''}. Stop what publishes, then `tickhouse drain` and "
            "`tickhouse build` with WAREHOUSE=duckdb and with WAREHOUSE=snowflake."
        )


def _compared(model: Model, here: DuckDbWarehouse, there: SnowflakeWarehouse) -> Compared:
    columns = sorted(
        name for name in model.columns if not name.endswith(OF_LANDING) and OF_LANDING_TOO not in name
    )
    sql = f"select {', '.join(columns)} from {model.relation}"
    rows, rows_there = _duckdb_rows(here, sql), _snowflake_rows(there, sql)
    if rows is None or rows_there is None:
        return Compared(model.relation, _total(rows), _total(rows_there))
    left, left_there = _apart(list((rows - rows_there).elements()), list((rows_there - rows).elements()))
    return Compared(model.relation, rows.total(), rows_there.total(), left, left_there)


def _total(rows: Counter[Row] | None) -> int | None:
    return None if rows is None else rows.total()


def _duckdb_rows(warehouse: DuckDbWarehouse, sql: str) -> Counter[Row] | None:
    with warehouse.file.reading() as connection:
        try:
            found = connection.execute(sql)
        except duckdb.CatalogException:
            return None
        return _counted(iter(found.fetchone, None))


def _snowflake_rows(warehouse: SnowflakeWarehouse, sql: str) -> Counter[Row] | None:
    with warehouse.cursor() as cursor:
        try:
            cursor.execute(sql)
        except ProgrammingError as error:
            if error.errno != NO_SUCH_OBJECT:
                raise
            return None
        return _counted(tuple(row) for row in cursor)


def _counted(rows: Iterable[Row]) -> Counter[Row]:
    return Counter(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: object) -> object:
    """One form for what each driver gives in its own."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value).normalize() + 0  # no zero below zero
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value


def _apart(left: Sequence[Row], right: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Without the pairs that differ in the last digits of a DOUBLE only."""
    waiting: dict[Row, list[Row]] = {}
    for row in right:
        waiting.setdefault(_without_doubles(row), []).append(row)
    alone = []
    for row in left:
        candidates = waiting.get(_without_doubles(row), [])
        match = next((other for other in candidates if _is_close(row, other)), None)
        if match is None:
            alone.append(row)
        else:
            candidates.remove(match)
    return alone, [row for rows in waiting.values() for row in rows]


def _without_doubles(row: Row) -> Row:
    return tuple(float if isinstance(value, float) else value for value in row)


def _is_close(row: Row, other: Row) -> bool:
    return all(
        math.isclose(value, another, rel_tol=DIGITS, abs_tol=DIGITS)
        for value, another in zip(row, other, strict=True)
        if isinstance(value, float) and isinstance(another, float)
    )
