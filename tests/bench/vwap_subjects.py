"""Our side of the VWAP benchmark, in this process: `python -m tests.bench.vwap_subjects WHAT ARGUMENTS`.

fill ROWS FILE     trades landed and deduplicated; the same as a Parquet file for others
rebuild SELECTION  `dbt run --full-refresh` of these models: seconds of each, and of all
"""

import json
import sys
import time
from typing import Any

from ingest.core.settings import load_settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.warm import WarmDbt
from tests.bench.history_data import FEEDS, land_rows
from tests.bench.history_subjects import seconds_by_model

COLUMNS = """venue, symbol, trade_id, event_at, price::double as price, quantity::double as quantity,
             notional::double as notional, taker_side"""
PER_HOUR = 100_000.0


def fill(rows: str, file: str) -> dict[str, Any]:
    settings = load_settings()
    settings.tickhouse_home.mkdir(parents=True)
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    [trades] = [feed for feed in FEEDS if feed.topic == "binance.trades"]
    with warehouse.open() as connection:
        land_rows(connection, trades, 0, int(rows), PER_HOUR)
        seconds_by_model(WarmDbt().invoke("run", "--select", "+fct_trades"))
        # In the order of the log, as a script that reads the topic would see them.
        connection.execute(
            f"""copy (select {COLUMNS} from marts.fct_trades order by first_offset)
                to '{file}' (format parquet)"""
        )
    return {}


def rebuild(*selection: str) -> dict[str, Any]:
    dbt = WarmDbt()
    with DuckDbWarehouse(load_settings().warehouse_path).open():
        began = time.monotonic()
        models = seconds_by_model(dbt.invoke("run", "--full-refresh", "--select", *selection))
        return {"seconds": time.monotonic() - began, "models": models}


def main(what: str, *arguments: str) -> None:
    said = {"fill": fill, "rebuild": rebuild}[what](*arguments)
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
