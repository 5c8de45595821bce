"""The values for Dagster's Helm chart: what Dagster is told elsewhere, in names that Kubernetes knows."""

import re
from typing import Any

import yaml
from dagster._config import process_config
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.models import k8s_snake_case_dict
from kubernetes import client

from ingest.core.settings import PROJECT_ROOT, Settings

LAPTOP = yaml.safe_load((PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text())
VALUES = yaml.safe_load((PROJECT_ROOT / "docs" / "deploy" / "kubernetes.yaml").read_text())
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]


def snake(value: Any) -> Any:
    """The chart's names as Dagster has them: purgeAfterDays is purge_after_days."""
    if not isinstance(value, dict):
        return value
    return {re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower(): snake(inner) for key, inner in value.items()}


def test_on_kubernetes_dagster_is_told_what_it_is_told_on_a_laptop() -> None:
    daemon = VALUES["dagsterDaemon"]
    told = {
        "telemetry": VALUES["telemetry"],
        "nux": VALUES["additionalInstanceConfig"]["nux"],
        "python_logs": VALUES["pythonLogs"],
        "retention": {name: VALUES["retention"][name] for name in ("schedule", "sensor", "autoMaterialize")},
        "concurrency": {"pools": VALUES["concurrency"]["pools"]},
        "run_monitoring": daemon["runMonitoring"],
        "run_retries": daemon["runRetries"],
    }
    expected = {name: value for name, value in LAPTOP.items() if name != "run_coordinator"}
    # The chart wants a number for each kind of tick.
    expected["retention"]["auto_materialize"]["purge_after_days"] = dict.fromkeys(
        ("skipped", "failure", "success"), 2
    )
    assert snake(told) == expected
    assert LAPTOP["run_coordinator"]["class"] == "DefaultRunCoordinator"
    assert daemon["runCoordinator"] == {"enabled": False}
    assert VALUES["concurrency"]["enabled"]
    assert VALUES["retention"]["enabled"]


def test_the_launcher_of_kubernetes_takes_its_values() -> None:
    launcher = VALUES["runLauncher"]
    assert launcher["type"] == K8sRunLauncher.__name__
    given = launcher["config"]["k8sRunLauncher"]
    config = {
        "image_pull_policy": given["imagePullPolicy"],
        "run_k8s_config": {
            re.sub("([A-Z])", r"_\1", name).lower(): part for name, part in given["runK8sConfig"].items()
        },
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "dagster_home": "/opt/dagster/dagster_home",
        "postgres_password_secret": VALUES["global"]["postgresqlSecretName"],
    }
    found = process_config(K8sRunLauncher.config_type(), config)
    assert found.success, found.errors


def test_a_run_on_kubernetes_has_the_volume_and_the_environment_of_the_code_server() -> None:
    assert CODE["includeConfigInLaunchedRuns"]["enabled"]
    pod = {name: CODE[name] for name in ("env", "volumes", "resources")}
    secrets = [secret["name"] for secret in CODE["envSecrets"]]
    given = {**pod, "env_secrets": secrets, "volume_mounts": CODE["volumeMounts"]}
    context = K8sContainerContext.create_from_config({"k8s": given})
    container = context.run_k8s_config.container_config
    assert container["volume_mounts"][0]["mount_path"] == container["env"][0]["value"]
    (claim,) = VALUES["extraManifests"]
    assert CODE["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    settings = {variable["name"].lower() for variable in CODE["env"]}
    assert settings <= Settings.model_fields.keys()


def test_the_ui_is_behind_the_guard() -> None:
    """The chart calls `dagster-webserver` by its name, and in our image that is the one with the guard."""
    webserver = VALUES["dagsterWebserver"]
    assert webserver["image"] == CODE["image"]
    steps = (PROJECT_ROOT / "docs" / "deploy" / "Dockerfile").read_text()
    assert "ln --symbolic --force tickhouse-webserver .venv/bin/dagster-webserver" in steps
    assert {variable["name"].lower() for variable in webserver["env"]} <= Settings.model_fields.keys()


def test_kubernetes_knows_all_names() -> None:
    """Each of these raises for a name that is not in the API."""
    job = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    pod = {"nodeSelector": CODE["nodeSelector"], "securityContext": CODE["podSecurityContext"]}
    assert job["podSpecConfig"] == pod
    k8s_snake_case_dict(client.V1PodSpec, pod)
    k8s_snake_case_dict(client.V1JobSpec, job["jobSpecConfig"])
    for manifest in VALUES["extraManifests"]:
        k8s_snake_case_dict(client.V1PersistentVolumeClaim, manifest)


def test_postgres_is_outside_and_its_password_in_a_secret() -> None:
    told = VALUES["postgresql"]
    assert told["enabled"] is VALUES["generatePostgresqlPasswordSecret"] is False
    assert not any("assword" in name for name in told)
    assert told["postgresqlScheme"] == "postgresql+psycopg2"
