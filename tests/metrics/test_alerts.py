"""Each alert: quiet as long as things are well, told once they are not, by Prometheus' own `promtool`."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from ingest.core.settings import PROJECT_ROOT
from tests.metrics.prometheus import promtool

pytestmark = pytest.mark.slow

ALERTS = PROJECT_ROOT / "docs" / "deploy" / "prometheus" / "alerts.yml"
# A sample a minute: 30 when all is well, then 60 when it is not, in promtool's own notation.
WELL, TROUBLE = 29, 89
TOPIC = {"topic": "binance.trades"}


@dataclass
class Case:
    alert: str
    series: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("TickhouseExporterDown", {'up{job="tickhouse"}': "1x29 0x60"}, {"job": "tickhouse"}),
    Case("TickhouseUnread", {"tickhouse_reading_age_seconds": "2x29 300+60x60"}),
    Case("TickhouseUnread", {"tickhouse_warehouse_up": "1x29 0x60"}),
    Case("TickhouseBrokerAway", {"tickhouse_broker_up": "1x29 0x60"}),
    Case(
        "TickhouseNobodyDrains",
        {
            'tickhouse_topic_lag_messages{topic="binance.trades"}': "20x90",
            "tickhouse_looping_runs": "1x29 0x60",
        },
        TOPIC,
    ),
    Case(
        "TickhouseFallsBehind", {'tickhouse_topic_lag_messages{topic="binance.trades"}': "0x29 9+9x60"}, TOPIC
    ),
    Case(
        "TickhouseTopicLate",
        {
            # The clock of a test begins at zero.
            'tickhouse_topic_newest_message_timestamp_seconds{topic="binance.trades"}': "0+60x29 1740x60",
            'tickhouse_topic_fresh_within_seconds{topic="binance.trades"}': "120x90",
        },
        TOPIC,
    ),
    Case(
        "TickhouseMessagesLost",
        {'tickhouse_topic_lost_messages{topic="binance.trades"}': "3x29 3+5x60"},
        TOPIC,
    ),
    Case(
        "TickhouseRejects",
        {
            # Two series' labels differ, as those of two metrics do.
            'tickhouse_topic_landed_offset{topic="binance.trades",instance="a"}': "0+1000x90",
            'tickhouse_topic_rejected_messages{topic="binance.trades",reason="no JSON"}': "0+1x29 30+9x60",
            'tickhouse_topic_rejected_messages{topic="binance.trades",reason="no price"}': "0+1x29 30+9x60",
        },
        TOPIC,
    ),
    Case(
        "TickhouseModelStuck",
        {
            'tickhouse_model_batches_behind{model="fct_trades"}': "2x90",
            'tickhouse_model_built_timestamp_seconds{model="fct_trades"}': "0+60x29 1740x60",
            'tickhouse_model_cadence_seconds{model="fct_trades"}': "60x90",
        },
        {"model": "fct_trades"},
    ),
    Case(
        "TickhouseLandsLate",
        {
            'tickhouse_landing_latency_seconds_bucket{topic="t",le="30.0"}': "0+100x29 2900+90x60",
            'tickhouse_landing_latency_seconds_bucket{topic="t",le="60.0"}': "0+100x90",
            'tickhouse_landing_latency_seconds_bucket{topic="t",le="+Inf"}': "0+100x90",
        },
    ),
    Case("TickhouseDiskLow", {"tickhouse_disk_free_bytes": "9e9x29 4e9x60"}),
]


def rules() -> list[dict]:
    return yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]


def severity(alert: str) -> str:
    return next(rule["labels"]["severity"] for rule in rules() if rule["alert"] == alert)


def as_test(case: Case) -> dict:
    told = "".join(f', {name}="{value}"' for name, value in case.labels.items())
    firing = {"alertname": case.alert, "alertstate": "firing", "severity": severity(case.alert)} | case.labels
    labels = ", ".join(f'{name}="{value}"' for name, value in firing.items())
    question = f'ALERTS{{alertname="{case.alert}", alertstate="firing"{told}}}'
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "promql_expr_test": [
            {"expr": question, "eval_time": f"{WELL}m", "exp_samples": []},
            {
                "expr": question,
                "eval_time": f"{TROUBLE}m",
                "exp_samples": [{"labels": f"ALERTS{{{labels}}}", "value": 1}],
            },
        ],
    }


def test_every_alert_is_told_when_it_should_be(tmp_path: Path) -> None:
    written = tmp_path / "alerts.test.yml"
    test = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [as_test(c) for c in CASES]}
    written.write_text(json.dumps(test))
    done = subprocess.run([promtool(), "test", "rules", written], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_and_says_what_to_do() -> None:
    assert {rule["alert"] for rule in rules()} == {case.alert for case in CASES}
    for rule in rules():
        assert rule["annotations"]["summary"].strip(), rule["alert"]
        assert rule["annotations"]["runbook"].strip(), rule["alert"]


@pytest.mark.parametrize(
    "checked", [("check", "rules", ALERTS), ("check", "config", ALERTS.with_name("prometheus.yml"))]
)
def test_the_files_are_what_prometheus_reads(checked: tuple[str, str, Path]) -> None:
    done = subprocess.run([promtool(), *checked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
