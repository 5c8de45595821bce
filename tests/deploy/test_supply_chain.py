"""What is installed is what the lock files say, and the bill of materials names all of it."""

import json
import re
import runpy
from typing import Any

import pytest
import yaml

from ingest.core.settings import PROJECT_ROOT
from ingest.services.jars import CONNECT, KAFKA

LOCK = (PROJECT_ROOT / "requirements.lock").read_text()
WORKFLOWS = sorted((PROJECT_ROOT / ".github" / "workflows").glob("*.yml"))
INSTALLERS = ("Makefile", "docs/deploy/Dockerfile")


@pytest.fixture(scope="module")
def sbom() -> dict[str, Any]:
    """The script, as `make sbom` runs it."""
    return runpy.run_path(str(PROJECT_ROOT / ".ci" / "sbom.py"))


@pytest.fixture(scope="module")
def parts(sbom: dict[str, Any]) -> list[Any]:
    python = sbom["python_parts"](PROJECT_ROOT / "requirements.lock")
    return [*python, *sbom["jar_parts"](), sbom["vendored_part"]()]


def test_the_bill_is_valid_and_names_all_that_is_locked(sbom: dict[str, Any], parts: list[Any]) -> None:
    bill = sbom["bill"](parts)
    assert sbom["fault_of"](bill) is None
    assert sbom["fault_of"](bill.replace('"type": "library"', '"type": "a thing"', 1)) is not None
    named = {component["purl"] for component in json.loads(bill)["components"]}
    pins = re.findall(r"^([a-z0-9][\w.-]*)==([^ ;\\]+)", LOCK, re.MULTILINE)
    locked = {f"pkg:pypi/{name}@{version.replace('+', '%2B')}" for name, version in pins}
    for jar in (*KAFKA.locked(), *CONNECT.locked()):
        group, name, version = jar.coordinate.split(":")
        locked.add(f"pkg:maven/{group}/{name}@{version}")
    assert len(locked) > 300
    assert {purl for purl in named if not purl.startswith("pkg:npm/lightweight-charts@")} == locked
    assert sbom["bill"](parts) == bill


def test_the_notices_are_there(sbom: dict[str, Any], parts: list[Any]) -> None:
    text = sbom["notices"](parts)
    assert "Apache License" in text
    assert "TradingView" in text
    of_python = [part for part in parts if part.purl.type == "pypi" and part.purl.name == "duckdb"]
    assert [part.license for part in of_python] == ["MIT License"]


@pytest.mark.parametrize("name", INSTALLERS)
def test_our_own_build_takes_the_locked_setuptools(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text()
    ours = [line for line in text.splitlines() if "--editable ." in line]
    assert ours
    assert all("--no-build-isolation" in line and "--no-deps" in line for line in ours)
    assert re.search(r"^setuptools==\S+ \\\n +--hash=sha256:", LOCK, re.MULTILINE)
    others = text.replace("\\\n", " ").splitlines()
    fetching = [line for line in others if "pip install" in line and "--editable" not in line]
    assert all("--require-hashes" in line for line in fetching)
    assert any("--only-binary :all:" in line or "--build-constraints" in line for line in fetching)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_hosted_ci_runs_actions_by_their_digests(file: Any) -> None:
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    used = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one)] == []
