"""Begins a landing and says so, then waits to be killed within it.

python -m tests.snowflake.killed_landing PORT DATABASE
"""

import sys
import time
from pathlib import Path

from ingest.warehouse.snowflake import warehouse as module
from tests.snowflake.stand_in import on_stand_in
from tests.warehouse.batches import batch, landing


def _say_and_wait(*_: object) -> None:
    sys.stdout.write("within the transaction\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    port, database = sys.argv[1:]
    settings = on_stand_in(int(port), database, tickhouse_home=Path())
    module._copy_rows = _say_and_wait  # type: ignore[assignment]
    module.SnowflakeWarehouse(settings).land(batch(landing(0, 5, None)), "killed")
