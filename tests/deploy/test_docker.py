"""What docs/deploy says for Docker is what Dagster, its launcher, its storage and compose.yaml take."""

import re
from pathlib import Path

import dagster as dg
import psycopg
import pytest
import yaml
from dagster_docker import DockerRunLauncher

from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.services import postgres

DEPLOY = PROJECT_ROOT / "docs" / "deploy"
DOCKER = yaml.safe_load((DEPLOY / "dagster-docker.yaml").read_text())
COMPOSE = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())
HOME = "/var/lib/tickhouse"
DRIVER = "postgresql+psycopg2"


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
    laptop = yaml.safe_load((PROJECT_ROOT / "orchestration" / "dagster.yaml").read_text())
    own = {"storage", "run_launcher", "compute_logs", "local_artifact_storage"}
    assert {name: value for name, value in DOCKER.items() if name not in own} == laptop


def test_a_run_in_docker_has_the_volume_the_network_and_the_environment_of_the_others() -> None:
    config = DOCKER["run_launcher"]["config"]
    daemon = COMPOSE["services"]["dagster-daemon"]
    assert daemon["environment"]["DAGSTER_POSTGRES_URL"].startswith(f"{DRIVER}://")
    assert config["networks"] == [COMPOSE["networks"]["cluster"]["name"]]
    assert set(config["env_vars"]) == daemon["environment"].keys() - {"DAGSTER_HOME", "DOCKER_HOST"}
    volume, parsed = config["container_kwargs"]["volumes"]
    assert [volume, parsed] == COMPOSE["services"]["dagster-code"]["volumes"]
    assert (
        volume == f"{COMPOSE['volumes']['tickhouse-home']['name']}:{daemon['environment']['TICKHOUSE_HOME']}"
    )


def test_a_run_in_docker_is_as_closed_as_the_others() -> None:
    kwargs, code = DOCKER["run_launcher"]["config"]["container_kwargs"], COMPOSE["services"]["dagster-code"]
    for name in ("cap_drop", "security_opt", "read_only"):
        assert kwargs[name] == code[name], name
    assert list(kwargs["tmpfs"]) == code["tmpfs"]


def test_the_workspace_is_the_code_server_of_compose() -> None:
    (where,) = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    command = COMPOSE["services"][where["grpc_server"]["host"]]["command"]
    assert command[command.index("--port") + 1] == str(where["grpc_server"]["port"])
    ours = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    assert command[command.index("--module-name") + 1] == ours["module_name"]
    assert where["grpc_server"]["location_name"] == ours["location_name"]


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
