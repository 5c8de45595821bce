"""What Tickhouse is made of, from its lock files: a CycloneDX bill of materials, and all licences' notices.

    requirements.lock ─┐
    *.lock of jars    ─┼─▶ sbom/tickhouse.cdx.json   sbom/THIRD-PARTY-NOTICES.txt
    vendored          ─┘

`make sbom` runs it in the environment that `make install` makes: licences are those of what is installed, or
stand in a jar. The same lock files give the same files, letter by letter.
"""

import json
import re
import sys
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from ingest.core.settings import PROJECT_ROOT
from ingest.services.jars import CONNECT, KAFKA, Jar, fetch_jars

OUT = PROJECT_ROOT / "sbom"
VENDORED = PROJECT_ROOT / "ingest" / "board" / "page" / "vendor" / "lightweight-charts"
NOTICE_FILE = re.compile(r"(^|/)(licen[cs]e|notice|copying)[^/]*$", re.IGNORECASE)
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
POM_LICENSE = re.compile(r"<license>\s*<name>\s*(.*?)\s*</name>", re.DOTALL)
UNKNOWN = "see its project"
OUR_LICENSE = [{"license": {"id": "Apache-2.0"}}]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing by somebody else."""

    purl: PackageURL
    sha256: tuple[str, ...]
    license: str | None
    notices: tuple[str, ...]

    @property
    def component(self) -> Component:
        return Component(
            type=ComponentType.LIBRARY,
            group=self.purl.namespace,
            name=self.purl.name,
            version=self.purl.version,
            bom_ref=str(self.purl),
            purl=self.purl,
            # Of a package several files are locked, one for each platform: CycloneDX has room for one hash.
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=self.sha256[0])]
            if len(self.sha256) == 1
            else [],
            licenses=[LicenseFactory().make_from_string(self.license)] if self.license else [],
        )


def python_parts(lock: Path) -> Iterator[Part]:
    """Each pin of a lock file that pip reads."""
    pins = re.split(r"\n(?=[a-z0-9])", lock.read_text())
    for pin in pins:
        if found := LOCKED.match(pin):
            name, version = found.groups()
            license_, notices = _of_distribution(name, version)
            yield Part(
                PackageURL("pypi", name=name, version=version), tuple(HASH.findall(pin)), license_, notices
            )


def jar_parts() -> Iterator[Part]:
    jars = {jar.coordinate: jar for jar_set in (KAFKA, CONNECT) for jar in jar_set.locked()}
    paths = fetch_jars(jars.values())
    for jar, path in zip(jars.values(), paths, strict=True):
        yield _jar_part(jar, path)


def vendored_part() -> Part:
    code = (VENDORED / "lightweight-charts.standalone.production.mjs").read_text()
    version = re.search(r"v(\d+\.\d+\.\d+)", code[:500])
    notices = tuple((VENDORED / name).read_text() for name in ("NOTICE", "LICENSE"))
    purl = PackageURL("npm", name="lightweight-charts", version=version[1] if version else None)
    return Part(purl, (), "Apache-2.0", notices)


def bill(parts: list[Part]) -> str:
    # Without the time and with a number made of what is in it: the same lock files, the same bill.
    number = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(str(part.purl) for part in parts))
    bom = Bom(serial_number=number, components=[part.component for part in parts])
    told = json.loads(JsonV1Dot6(bom).output_as_string())
    told["metadata"] = {"component": {"type": "application", "name": "tickhouse", "licenses": OUR_LICENSE}}
    return json.dumps(told, indent=2) + "\n"


def fault_of(bill: str) -> str | None:
    """What is wrong with it by CycloneDX's own schema."""
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill)
    return None if fault is None else str(fault)


def notices(parts: list[Part]) -> str:
    heading = "Tickhouse runs on these, each under its own licence.\n"
    return heading + "".join(
        f"\n{'=' * 100}\n{part.purl.name} {part.purl.version}: {part.license or UNKNOWN}\n{'=' * 100}\n"
        + "\n".join(text.strip() + "\n" for text in part.notices)
        for part in parts
    )


def _of_distribution(name: str, version: str) -> tuple[str | None, tuple[str, ...]]:
    """Nothing of one that is for another platform or another version of Python."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None, ()
    if found.version != version:
        return None, ()
    files = [
        file for file in found.files or () if ".dist-info/" in str(file) and NOTICE_FILE.search(str(file))
    ]
    texts = tuple(dict.fromkeys(Path(str(file.locate())).read_text(errors="replace") for file in files))
    return _license(found), texts


def _license(found: Distribution) -> str | None:
    told = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    if told and "\n" not in told and len(told) < 100:
        return told
    classifiers = found.metadata.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    return " AND ".join(named) or None


def _jar_part(jar: Jar, path: Path) -> Part:
    group, name, version = jar.coordinate.split(":")
    with zipfile.ZipFile(path) as archive:
        names = [entry for entry in archive.namelist() if entry.count("/") < 2 and NOTICE_FILE.search(entry)]
        texts = tuple(archive.read(entry).decode(errors="replace") for entry in names)
        poms = [entry for entry in archive.namelist() if entry.endswith(f"/{name}/pom.xml")]
        told = [
            found for pom in poms for found in POM_LICENSE.findall(archive.read(pom).decode(errors="replace"))
        ]
    purl = PackageURL("maven", namespace=group, name=name, version=version)
    return Part(purl, (jar.sha256,), " OR ".join(told) or _jar_license(texts), texts)


def _jar_license(texts: tuple[str, ...]) -> str | None:
    return "Apache-2.0" if any("Apache License" in text and "Version 2.0" in text for text in texts) else None


def main() -> None:
    parts = sorted(
        [*python_parts(PROJECT_ROOT / "requirements.lock"), *jar_parts(), vendored_part()],
        key=lambda part: str(part.purl),
    )
    told = bill(parts)
    if fault := fault_of(told):
        sys.exit(f"The bill is not valid CycloneDX: {fault}")
    OUT.mkdir(exist_ok=True)
    (OUT / "tickhouse.cdx.json").write_text(told)
    (OUT / "THIRD-PARTY-NOTICES.txt").write_text(notices(parts))
    print(f"{len(parts)} parts: {OUT}")  # noqa: T201  (it is a command)


if __name__ == "__main__":
    main()
