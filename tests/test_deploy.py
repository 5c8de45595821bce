"""What docs/deploy says is what Dagster, its launchers and its PostgreSQL storage take."""

import re
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import yaml
from dagster._config import process_config
from dagster_docker import DockerRunLauncher
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext

from ingest.services import postgres
from ingest.settings import PROJECT_ROOT, Settings

DEPLOY = PROJECT_ROOT / "docs" / "deploy"
LAPTOP = yaml.safe_load((PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text())
DOCKER = yaml.safe_load((DEPLOY / "dagster-docker.yaml").read_text())
VALUES = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())
COMPOSE = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())
HOME = "/var/lib/tickhouse"
DRIVER = VALUES["postgresql"]["postgresqlScheme"]


@dg.asset
def counted() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3})


@pytest.mark.slow
def test_dagster_keeps_runs_and_events_in_postgres(open_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(tickhouse_home=open_home / "dagster")
    dagster_home = open_home / "dagster_home"
    dagster_home.mkdir()
    told = (DEPLOY / "dagster-docker.yaml").read_text().replace(HOME, str(dagster_home))
    (dagster_home / "dagster.yaml").write_text(told)
    try:
        postgres.start(settings)
        address = postgres.postgres_url(settings).partition("://")[2]
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", f"{DRIVER}://{address}")
        with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
            assert isinstance(instance.run_launcher, DockerRunLauncher)
            run_id = dg.materialize([counted], instance=instance).run_id
        with dg.DagsterInstance.from_config(str(dagster_home)) as another:
            assert [run.run_id for run in another.get_runs()] == [run_id]
            event = another.get_latest_materialization_event(counted.key)
            assert another.all_instigator_state() == []
        with psycopg.connect(postgres.postgres_url(settings)) as connection:
            assert connection.execute("select run_id, status from runs").fetchall() == [(run_id, "SUCCESS")]
    finally:
        postgres.stop(settings)
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["rows"].value == 3


def test_in_docker_only_storage_and_launcher_are_other_than_on_a_laptop() -> None:
    own = {"storage", "run_launcher", "compute_logs", "local_artifact_storage"}
    assert {name: value for name, value in DOCKER.items() if name not in own} == LAPTOP


def test_a_run_in_docker_has_the_volume_the_network_and_the_environment_of_the_others() -> None:
    config = DOCKER["run_launcher"]["config"]
    daemon = COMPOSE["services"]["dagster-daemon"]
    assert daemon["environment"]["DAGSTER_POSTGRES_URL"].startswith(f"{DRIVER}://")
    assert config["networks"] == [COMPOSE["networks"]["cluster"]["name"]]
    assert set(config["env_vars"]) == daemon["environment"].keys() - {"DAGSTER_HOME"}
    (volume,) = config["container_kwargs"]["volumes"]
    assert volume in COMPOSE["services"]["dagster-code"]["volumes"]
    assert (
        volume == f"{COMPOSE['volumes']['tickhouse-home']['name']}:{daemon['environment']['TICKHOUSE_HOME']}"
    )


def test_the_workspace_is_the_code_server_of_compose() -> None:
    (where,) = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    command = COMPOSE["services"][where["grpc_server"]["host"]]["command"]
    assert command[command.index("--port") + 1] == str(where["grpc_server"]["port"])
    ours = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    assert command[command.index("--module-name") + 1] == ours["module_name"]
    assert where["grpc_server"]["location_name"] == ours["location_name"]


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
    (code,) = VALUES["dagster-user-deployments"]["deployments"]
    assert code["includeConfigInLaunchedRuns"]["enabled"]
    pod = {name: code[name] for name in ("env", "volumes", "resources")}
    secrets = [secret["name"] for secret in code["envSecrets"]]
    given = {**pod, "env_secrets": secrets, "volume_mounts": code["volumeMounts"]}
    context = K8sContainerContext.create_from_config({"k8s": given})
    container = context.run_k8s_config.container_config
    assert container["volume_mounts"][0]["mount_path"] == container["env"][0]["value"] == HOME
    (claim,) = VALUES["extraManifests"]
    assert code["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    settings = {variable["name"].lower() for variable in code["env"]}
    assert settings <= Settings.model_fields.keys()


def test_the_image_is_nobodys_root_and_holds_no_secret() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["tickhouse"]
    assert not re.search(
        r"^ARG|PASSWORD=|TOKEN=|SECRET=|\.env\b", text.replace("passwords", ""), re.MULTILINE
    )
    copied = re.findall(r"^COPY --chown=tickhouse (.+) \S+$", text, re.MULTILINE)
    paths = {path for line in copied for path in line.split()}
    assert all((PROJECT_ROOT / path).exists() for path in paths)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == paths


def test_each_role_has_a_warehouse_of_snowflake() -> None:
    script = (DEPLOY / "snowflake_warehouses.sql").read_text()
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
