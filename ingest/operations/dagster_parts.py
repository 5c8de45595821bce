"""Dagster's programs, one by one: `dagster dev` would end all of them with the first that dies.

webserver (the guard before it) ─┐
                                 ├─▶ code server, on a socket that only its user can reach ─▶ runs
daemon ──────────────────────────┘
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.services import ports

MODULE, LOCATION = "orchestration.definitions", "tickhouse"
"""As workspace.yaml has them."""
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  (to be recognised)
QUIET = ("--log-level", "warning")


@dataclass(frozen=True, slots=True)
class DagsterParts:
    """How each is started, and where the UI then is."""

    folder: Path
    host: str
    port: int

    @property
    def url(self) -> str:
        return ui_url(self.host, self.port)

    @property
    def code_server(self) -> list[str]:
        code = [
            "--module-name",
            MODULE,
            "--working-directory",
            str(PROJECT_ROOT),
            "--location-name",
            LOCATION,
        ]
        return ["dagster", "api", "grpc", "--socket", str(self._socket), *code, *QUIET]

    @property
    def webserver(self) -> list[str]:
        where = ["--host", self.host, "--port", str(self.port)]
        return ["tickhouse-webserver", *self._workspace, *where, "--dagster-log-level", "warning"]

    @property
    def daemon(self) -> list[str]:
        return ["dagster-daemon", "run", *self._workspace, *QUIET]

    def is_code_loaded(self) -> bool:
        """The code server listens when it has loaded the code."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._socket)) == 0

    @property
    def _workspace(self) -> list[str]:
        return ["--workspace", str(self.folder / "workspace.yaml")]

    @property
    def _socket(self) -> Path:
        return self.folder / "code"

    def write_workspace(self) -> None:
        where = {"socket": str(self._socket), "location_name": LOCATION}
        # JSON is YAML.
        (self.folder / "workspace.yaml").write_text(json.dumps({"load_from": [{"grpc_server": where}]}))


@contextmanager
def dagster_parts(settings: Settings, port: int) -> Iterator[DagsterParts]:
    """The socket is not in TICKHOUSE_HOME: the system allows a hundred letters, with all folders."""
    _require_password(settings)
    with TemporaryDirectory(prefix="tickhouse-") as folder:
        parts = DagsterParts(Path(folder), settings.ui_host, port)
        parts.write_workspace()
        yield parts


def ui_url(host: str, port: int) -> str:
    """As a browser on this machine asks for it."""
    name = ports.LOOPBACK if host in EVERY_ADDRESS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _require_password(settings: Settings) -> None:
    if settings.ui_host not in ports.LOOPBACK_NAMES and settings.ui_password is None:
        raise SettingsInvalid(
            f"UI_HOST={settings.ui_host} lets others reach the Dagster UI, who could then run jobs. Set "
            "UI_PASSWORD, too, and UI_ALLOWED_HOSTS to the name that their browsers use; or unset UI_HOST."
        )
