"""dbt in a process of its own, for what the plan cannot do.

`python -m orchestration.dbt.child VARIABLES run …` says what became of each model or test, as a line of JSON.
"""

import json
import sys

from orchestration.dbt.spawned import RESULTS
from orchestration.dbt.warm import WarmDbt


def main(variables: str, *arguments: str) -> None:
    results = WarmDbt(json.loads(variables)).invoke(*arguments).results
    found = [
        {
            "unique_id": result.node.unique_id,
            "asset": [result.node.schema, result.node.name],
            "status": str(result.status),
            "message": result.message or "",
            "seconds": result.execution_time,
            "rows": result.adapter_response.get("rows_affected"),
            "failures": result.failures or 0,
        }
        for result in results
        if str(result.status) != "skipped"
    ]
    sys.stdout.write(f"{RESULTS}{json.dumps(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
