"""`tickhouse status`: right numbers, and an exit code that a script can trust."""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.services import ports
from tests.cli.conftest import Run
from tests.support.broker import OwnBroker

STATE = "state"


def told(tickhouse: Run, settings: dict[str, str]) -> tuple[int, dict[str, dict[str, Any]]]:
    done = tickhouse("status", "--format", "json", **settings)
    return done.exit_code, {row["topic"]: row for row in json.loads(done.stdout)["topics"]}


@pytest.mark.slow
def test_behind_until_drained(tickhouse: Run, own_broker: OwnBroker, tmp_path: Path) -> None:
    here = {"TICKHOUSE_HOME": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": own_broker.bootstrap}
    code, rows = told(tickhouse, here)
    assert code == 1
    assert {row[STATE] for row in rows.values()} == {"missing"}

    assert tickhouse("publish", "simulated", "--messages", "500", "--rate", "max", **here).exit_code == 0
    code, rows = told(tickhouse, here)
    assert code == 1
    assert {row[STATE] for row in rows.values() if row["end"]} == {"behind"}
    assert sum(row["lag"] for row in rows.values()) == 500

    assert tickhouse("drain", **here).exit_code == 0
    code, rows = told(tickhouse, here)
    assert code == 0
    assert sum(row["landed"] for row in rows.values()) == sum(row["end"] for row in rows.values()) == 500
    assert {row["lag"] for row in rows.values()} == {0}


def test_a_broker_that_is_away_is_wrong(tickhouse: Run, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{ports.free_port()}"
    code, rows = told(tickhouse, {"TICKHOUSE_HOME": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": nobody})
    assert code == 1
    assert {row[STATE] for row in rows.values()} == {"broker away"}
