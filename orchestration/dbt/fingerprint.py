"""What a plan was made from, as one number: the project's files, target, environment and versions."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ingest.core.settings import Settings
from ingest.warehouse.dbt_variables import dbt_target
from orchestration.dbt.environment import dbt_environment

# `dbt deps` has nothing to do: packages from a hub would need a network that may not be there.
SOURCE_FOLDERS = ("models", "macros", "tests", "seeds")
# Of the environment dbt itself reads what is named so; secrets say who asks, never what.
DBT_PREFIX, SECRET_PREFIX = "DBT_", "DBT_ENV_SECRET"
PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb", "dbt-snowflake")


def source_files(project: Path) -> Iterator[Path]:
    yield from (project / "dbt_project.yml", project / "profiles.yml")
    for folder in SOURCE_FOLDERS:
        yield from (file for file in sorted((project / folder).rglob("*.*")) if file.is_file())


def fingerprint(project: Path, settings: Settings) -> str:
    """Another one means: what dbt would render may be another text."""
    found = hashlib.sha256()
    for file in source_files(project):
        found.update(f"{file.relative_to(project)}\0{file.stat().st_size}\0".encode())
        found.update(file.read_bytes())
    for said in (dbt_target(settings), *_environment(), *_versions()):
        found.update(f"{said}\0".encode())
    return found.hexdigest()[:16]


class Watch:
    """The fingerprint again and again: files are read only if one of them was touched."""

    def __init__(self, project: Path, settings: Settings) -> None:
        self._project = project
        self._settings = settings
        self._seen: list[tuple[str, int, int]] = []
        self._fingerprint = ""

    def fingerprint(self) -> str:
        seen = [(str(file), *_touched(file)) for file in source_files(self._project)]
        if seen != self._seen:
            self._seen, self._fingerprint = seen, fingerprint(self._project, self._settings)
        return self._fingerprint


def _touched(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


def _environment() -> Iterator[str]:
    for name, value in sorted(dbt_environment().items()):
        if name.startswith(DBT_PREFIX) and not name.startswith(SECRET_PREFIX):
            yield f"{name}={value}"


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        with suppress(PackageNotFoundError):  # an extra that is not installed
            yield f"{package} {version(package)}"
