"""Files that an older DuckDB opens: it reads no storage that is newer than itself."""

import re
from pathlib import Path

import duckdb

from ingest.warehouse.duckdb.file import quoted

# 1.0 writes views and macros down in another way, and fails at them whatever the storage.
STORAGES = ("1.1", "1.2", "1.3", "1.4", "1.5")


def storage_for(tool: str) -> str:
    """The storage that DuckDB of this version reads: 1.4 and 1.4.2 are alike. ValueError if there is none."""
    found = re.match(r"v?(\d+\.\d+)", tool)
    if found is None or found[1] not in STORAGES:
        raise ValueError(
            f"no copy can be made for DuckDB {tool}: name one of {', '.join(STORAGES)}. "
            "Newer ones open any copy."
        )
    return f"v{found[1]}.0"


def rewrite_as(storage: str, path: Path) -> None:
    """The same tables, views and functions, in the file's place."""
    rewritten = path.with_name(path.name + ".rewritten")
    rewritten.unlink(missing_ok=True)
    try:
        with duckdb.connect() as memory:
            memory.execute(f"attach '{quoted(path)}' as warehouse (read_only)")
            memory.execute(f"attach '{quoted(rewritten)}' as rewritten (storage_version '{storage}')")
            memory.execute("copy from database warehouse to rewritten")
        rewritten.replace(path)
    finally:
        rewritten.unlink(missing_ok=True)
