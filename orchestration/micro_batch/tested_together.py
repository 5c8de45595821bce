"""Which other models the tests of a model look at: if they are not named beside it, dbt leaves a test out.

fct_candles_1m ─ in_dim_symbols ─▶ dim_symbols
"""

from collections.abc import Mapping
from typing import Any


def companions(manifest: Mapping[str, Any]) -> dict[str, set[str]]:
    """By the name of the model that is tested, or looked at."""
    found: dict[str, set[str]] = {}
    nodes = manifest["nodes"]
    for test in nodes.values():
        if test["resource_type"] != "test":
            continue
        parents = test["depends_on"]["nodes"]
        names = {nodes[parent]["name"] for parent in parents if parent.startswith("model.")}
        for name in names:
            found.setdefault(name, set()).update(names - {name})
    return found
