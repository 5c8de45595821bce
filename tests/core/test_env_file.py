"""`.env`: what has no effect is told, and only who is asked to writes it."""

from pathlib import Path

import pytest

from ingest.core.env_file import without_effect
from ingest.core.settings import DEFAULT_HOME, PROJECT_ROOT, Settings
from ingest.operations.home import write_env

NAMES = {name.upper() for name in Settings.model_fields}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("KAFKA_BOOTSTRAP_SERVER", "Is KAFKA_BOOTSTRAP_SERVERS meant?"),
        ("kafka_bootstrap_server", "Is KAFKA_BOOTSTRAP_SERVERS meant?"),
        ("WAREHAUSE", "Is WAREHOUSE meant?"),
        ("SNOWFLAKE_FLAVOUR", "has no effect"),
    ],
)
def test_a_name_that_is_no_setting_is_told(file: Path, name: str, told: str) -> None:
    file.write_text(f"{name}=x\n")
    [sentence] = without_effect(file, NAMES)
    assert sentence.startswith(f"{name} in {file} ")
    assert told in sentence
    assert "=x" not in sentence


def test_settings_and_other_programs_names_are_not_told(file: Path) -> None:
    example = (PROJECT_ROOT / ".env.example").read_text()
    every_setting = "\n".join(line.removeprefix("# ") for line in example.splitlines() if "=" in line)
    file.write_text(f"{every_setting}\nAWS_REGION=x\nDBT_PROFILES_DIR=x\n")
    assert list(without_effect(file, NAMES)) == []


def test_a_new_file_names_the_home(file: Path, tmp_path: Path) -> None:
    assert write_env(Settings(tickhouse_home=tmp_path), file)
    lines = file.read_text().splitlines()
    assert {f"TICKHOUSE_HOME={tmp_path}", f"DAGSTER_HOME={tmp_path / 'dagster'}"} <= set(lines)


def test_the_home_of_the_environment_changes_no_file(file: Path, tmp_path: Path) -> None:
    assert write_env(Settings(tickhouse_home=DEFAULT_HOME), file)
    before = file.read_text()
    assert not write_env(Settings(tickhouse_home=tmp_path), file)
    assert file.read_text() == before


def test_a_home_that_moved_in_the_file_moves_dagster_s(file: Path, tmp_path: Path) -> None:
    file.write_text(f"DAGSTER_HOME=/elsewhere\nTICKHOUSE_HOME={tmp_path}\n")
    assert write_env(Settings(tickhouse_home=tmp_path), file)
    assert file.read_text() == f"DAGSTER_HOME={tmp_path / 'dagster'}\nTICKHOUSE_HOME={tmp_path}\n"
