"""The virtual warehouses of docs/deploy: one for each role, with as many clusters as its work can use."""

import re

from ingest.core.settings import PROJECT_ROOT


def test_each_role_has_a_warehouse_of_snowflake() -> None:
    script = (PROJECT_ROOT / "docs" / "deploy" / "snowflake_warehouses.sql").read_text()
    account = (PROJECT_ROOT / "ingest" / "warehouse" / "snowflake" / "account.sql").read_text()
    roles = set(re.findall(r"create role if not exists (\w+);", account))
    made = set(re.findall(r"create warehouse if not exists (\w+) ", script))
    assert dict(re.findall(r"grant usage on warehouse (\w+) to role (\w+);", script)).keys() == made
    assert set(re.findall(r"to role (\w+);", script)) == roles
    clusters = re.findall(
        r"alter warehouse (\w+) set\s[^;]*min_cluster_count = (\d+) max_cluster_count = (\d+)", script
    )
    assert {name: (int(least), int(most)) for name, least, most in clusters} == {
        "tickhouse_load": (1, 1),
        "tickhouse_build": (1, 1),
        "tickhouse_read": (1, 4),
    }
