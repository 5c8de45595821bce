"""The values for Dagster's Helm chart: what Dagster is told elsewhere, in names that Kubernetes knows."""

import re
from typing import Any

import pytest
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
LAUNCHER = VALUES["runLauncher"]["config"]["customRunLauncher"]


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
    assert VALUES["runLauncher"]["type"] == "CustomRunLauncher"
    assert (LAUNCHER["module"], LAUNCHER["class"]) == (
        K8sRunLauncher.__module__.split(".")[0],
        "K8sRunLauncher",
    )
    found = process_config(K8sRunLauncher.config_type(), LAUNCHER["config"])
    assert found.success, found.errors
    assert LAUNCHER["config"]["postgres_password_secret"] == VALUES["global"]["postgresqlSecretName"]


def asked_by_a_run(tags: dict[str, Any]) -> K8sContainerContext:
    """As the launcher puts it together from its own settings, the code server's and the run's tags."""
    given = {name: CODE[name] for name in ("env", "volumes", "resources")}
    given |= {"security_context": CODE["securityContext"], "volume_mounts": CODE["volumeMounts"]}
    given |= {"env_secrets": [secret["name"] for secret in CODE["envSecrets"]], "namespace": "tickhouse"}
    given |= {"run_k8s_config": {"pod_spec_config": {"node_selector": CODE["nodeSelector"]}}}
    config = LAUNCHER["config"]
    asked = K8sContainerContext.create_from_config({"k8s": given})
    asked = asked.merge(K8sContainerContext.create_from_config({"k8s": {"run_k8s_config": tags}}))
    return asked.validate_user_k8s_config_for_run(config["only_allow_user_defined_k8s_config_fields"], None)


def test_a_run_may_ask_for_what_its_code_server_has() -> None:
    asked_by_a_run({"container_config": {"resources": {"limits": {"memory": "8Gi"}}}})


@pytest.mark.parametrize(
    "tags",
    [
        {"pod_spec_config": {"host_network": True}},
        {"pod_spec_config": {"host_pid": True}},
        {"container_config": {"command": ["sh"]}},
        {"container_config": {"image": "evil"}},
    ],
)
def test_a_run_may_ask_kubernetes_for_nothing_else(tags: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="violated the allowed list"):
        asked_by_a_run(tags)


PODS = {"code server": CODE, "webserver": VALUES["dagsterWebserver"], "daemon": VALUES["dagsterDaemon"]}


@pytest.mark.parametrize("name", PODS)
def test_every_pod_is_closed(name: str) -> None:
    pod, container = PODS[name]["podSecurityContext"], PODS[name]["securityContext"]
    assert pod["runAsNonRoot"]
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container.get("readOnlyRootFilesystem", False) == (name != "code server")
    k8s_snake_case_dict(client.V1PodSecurityContext, pod)
    k8s_snake_case_dict(client.V1SecurityContext, container)


def test_a_run_s_pod_is_closed_too() -> None:
    asked = LAUNCHER["config"]["run_k8s_config"]
    assert asked["container_config"]["securityContext"] == CODE["securityContext"]
    assert asked["pod_spec_config"]["securityContext"] == CODE["podSecurityContext"]
    assert asked["pod_spec_config"]["automountServiceAccountToken"] is False


def test_who_may_come_in_is_said() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in VALUES["extraManifests"] if is_policy(one)}
    for spec in policies.values():
        k8s_snake_case_dict(client.V1NetworkPolicySpec, spec)
        assert spec["policyTypes"] == ["Ingress"]
    nobody = [spec["podSelector"]["matchLabels"] for spec in policies.values() if "ingress" not in spec]
    assert {"app.kubernetes.io/instance": "tickhouse"} in nobody
    assert {"app.kubernetes.io/component": "run_worker"} in nobody
    let_in = [spec["ingress"] for spec in policies.values() if "ingress" in spec]
    ports = [port["port"] for [rule] in let_in for port in rule["ports"]]
    assert ports == [VALUES["dagsterWebserver"]["service"]["port"], CODE["port"]]
    assert all(rule["from"] for [rule] in let_in)


def is_policy(manifest: dict[str, Any]) -> bool:
    return manifest["kind"] == "NetworkPolicy"


def test_a_run_on_kubernetes_has_the_volume_and_the_environment_of_the_code_server() -> None:
    assert CODE["includeConfigInLaunchedRuns"]["enabled"]
    pod = {name: CODE[name] for name in ("env", "volumes", "resources")}
    secrets = [secret["name"] for secret in CODE["envSecrets"]]
    given = {**pod, "env_secrets": secrets, "volume_mounts": CODE["volumeMounts"]}
    context = K8sContainerContext.create_from_config({"k8s": given})
    container = context.run_k8s_config.container_config
    assert container["volume_mounts"][0]["mount_path"] == container["env"][0]["value"]
    [claim] = [one for one in VALUES["extraManifests"] if not is_policy(one)]
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
    job = LAUNCHER["config"]["run_k8s_config"]
    assert job["pod_spec_config"]["nodeSelector"] == CODE["nodeSelector"]
    k8s_snake_case_dict(client.V1PodSpec, job["pod_spec_config"])
    k8s_snake_case_dict(client.V1JobSpec, job["job_spec_config"])
    k8s_snake_case_dict(client.V1Container, {"name": "run", **job["container_config"]})
    for manifest in VALUES["extraManifests"]:
        model = client.V1NetworkPolicy if is_policy(manifest) else client.V1PersistentVolumeClaim
        k8s_snake_case_dict(model, manifest)


def test_postgres_is_outside_and_its_password_in_a_secret() -> None:
    told = VALUES["postgresql"]
    assert told["enabled"] is VALUES["generatePostgresqlPasswordSecret"] is False
    assert not any("assword" in name for name in told)
    assert told["postgresqlScheme"] == "postgresql+psycopg2"
