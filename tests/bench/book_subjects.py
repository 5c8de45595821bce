"""Our side of the book benchmark, in this process: `python -m tests.bench.book_subjects WHAT ARGUMENTS`.

fill UPDATES        raw messages with so many changes of levels
build FILE          the books from nothing; their changes as a Parquet file for others
naive               the same ladders by intervals alone, every level over every message
batches COUNT SIZE=HOME …
                    the next COUNT batches of 10,000 changes on each home, in turn, each built warm
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from ingest.core.settings import load_settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.warm import WarmDbt
from tests.bench.book_data import LEVELS_PER_MESSAGE, land_messages
from tests.bench.history_subjects import seconds_by_model

BOOKS = ("--select", "+fct_book_top", "+marts.order_book", "--exclude", "fct_book_oracle", "+fct_quotes")
BATCH = 10_000 // LEVELS_PER_MESSAGE
LEVELS = """
    select symbol, sequence, level_index, quantity, case side when 'bid' then price else -price end as key
    from intermediate.int_book_messages_sequenced as messages
    inner join staging.stg_binance__depth_levels as levels using (symbol, landed_batch_id, kafka_partition)
    where first_offset = kafka_offset and is_applied
"""
NAIVE = f"""
    with messages as (
        select symbol, sequence, row_number() over (partition by symbol order by sequence) as m,
            count(*) over (partition by symbol) as messages
        from intermediate.int_book_messages_sequenced where is_applied
    ), spans as (
        select symbol, key, quantity, m,
            coalesce(lead(m) over (partition by symbol, key order by m, level_index), messages + 1) as until
        from ({LEVELS}) inner join messages using (symbol, sequence)
    ), expanded as (
        select symbol, key, quantity, unnest(range(m, until)) as m from spans where quantity > 0
    )
    select symbol, m, key > 0, max({{'key': key, 'quantity': quantity}}, 10) from expanded group by all
"""


def fill(updates: str) -> dict[str, Any]:
    settings = load_settings()
    settings.tickhouse_home.mkdir(parents=True)
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    with warehouse.open() as connection:
        land_messages(connection, 0, int(updates) // LEVELS_PER_MESSAGE)
    return {}


def build(file: str) -> dict[str, Any]:
    dbt = WarmDbt()
    with DuckDbWarehouse(load_settings().warehouse_path).open() as connection:
        models = seconds_by_model(dbt.invoke("run", "--threads", "1", *BOOKS))
        changes = f"select * from ({LEVELS}) order by symbol, sequence, level_index"
        connection.execute(f"copy ({changes}) to '{file}' (format parquet)")
    return {"models": models}


def naive() -> dict[str, Any]:
    with DuckDbWarehouse(load_settings().warehouse_path).open() as connection:
        began = time.monotonic()
        connection.execute(f"create temp table naive_ladders as {NAIVE}")
        return {"seconds": time.monotonic() - began}


def batches(count: str, *sized_homes: str) -> dict[str, Any]:
    """Medians per model and size; the first round only warms up."""
    dbt = WarmDbt()
    homes = {int(size): Path(home) for size, home in (each.split("=", 1) for each in sized_homes)}
    rounds: dict[int, list[dict[str, float]]] = {size: [] for size in homes}
    for number in range(int(count) + 1):
        for size, home in homes.items():
            first = size // LEVELS_PER_MESSAGE + number * BATCH
            os.environ["TICKHOUSE_HOME"] = str(home)
            with DuckDbWarehouse(home / "warehouse.duckdb").open() as connection:
                land_messages(connection, first, first + BATCH)
                rounds[size].append(seconds_by_model(dbt.invoke("run", "--threads", "1", *BOOKS)))
    return {
        str(size): {model: statistics.median(each[model] for each in found[1:]) for model in found[0]}
        for size, found in rounds.items()
    }


def main(what: str, *arguments: str) -> None:
    said = {"fill": fill, "build": build, "naive": naive, "batches": batches}[what](*arguments)
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
