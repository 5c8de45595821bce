"""Where `tickhouse up` shows its UI, and to whom."""

from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.operations.dagster_parts import LOCATION, MODULE, dagster_parts


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3"])  # noqa: S104
def test_nobody_else_reaches_the_ui_without_a_password(tmp_path: Path, host: str) -> None:
    settings = Settings(tickhouse_home=tmp_path, ui_host=host)
    with pytest.raises(SettingsInvalid, match="UI_PASSWORD"), dagster_parts(settings, 3000):
        pass


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:3000"),  # noqa: S104
        ("10.1.2.3", "http://10.1.2.3:3000"),
        ("::1", "http://[::1]:3000"),
    ],
)
def test_with_one_they_do(tmp_path: Path, host: str, url: str) -> None:
    settings = Settings(tickhouse_home=tmp_path, ui_host=host, ui_password=SecretStr("open sesame"))
    with dagster_parts(settings, 3000) as parts:
        assert parts.url == url
        assert host in parts.webserver


def test_the_code_server_is_its_user_s_alone_and_leaves_nothing(tmp_path: Path) -> None:
    with dagster_parts(Settings(tickhouse_home=tmp_path), 3000) as parts:
        assert parts.folder.stat().st_mode & 0o077 == 0
        (where,) = yaml.safe_load((parts.folder / "workspace.yaml").read_text())["load_from"]
        assert where["grpc_server"]["socket"] in parts.code_server
        assert not parts.is_code_loaded()
    assert not parts.folder.exists()


def test_it_is_the_code_of_workspace_yaml() -> None:
    (where,) = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"]
    assert where["python_module"] == {"module_name": MODULE, "location_name": LOCATION}
