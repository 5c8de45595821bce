"""The broker's jars: all locked, none taken that is not what the lock says."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.core.errors import ServiceFailed
from ingest.services.jars import ABANDONED, CONNECT, KAFKA, Jar, JarSet, fetch_jars, resolve


@pytest.fixture
def jar() -> Jar:
    """The smallest of them."""
    return min(KAFKA.locked(), key=lambda jar: jar.size)


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """Every request goes to a proxy that is not there."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
        for name in ("NO_PROXY", "no_proxy"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def cache(tmp_path: Path, jar: Jar) -> Path:
    """A Maven cache that has just fetched the jar."""
    try:
        fetch_jars([jar], cache=tmp_path)
    except ServiceFailed as error:
        pytest.skip(f"needs the network: {error}")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("jar_set", [KAFKA, CONNECT], ids=["broker", "connect"])
def test_the_lock_has_all_that_the_roots_need(jar_set: JarSet):
    artifacts = {f"{one.groupId}:{one.artifactId}:{one.version}" for one in resolve(jar_set)}

    assert {jar.coordinate for jar in jar_set.locked()} == artifacts


FIRST_WITHOUT_A_HOLE = {
    "at.yawk.lz4:lz4-java": (1, 10, 1),  # CVE-2025-12183, CVE-2025-66566
    "commons-beanutils:commons-beanutils": (1, 11, 0),  # CVE-2025-48734
    "org.apache.commons:commons-lang3": (3, 18, 0),  # CVE-2025-48924
    "org.apache.logging.log4j:log4j-core": (2, 25, 3),  # CVE-2025-68161
}


@pytest.mark.parametrize("jar_set", [KAFKA, CONNECT], ids=["broker", "connect"])
def test_no_jar_has_a_hole_that_was_mended(jar_set: JarSet):
    locked = dict(jar.coordinate.rsplit(":", 1) for jar in jar_set.locked())
    assert ABANDONED not in locked
    assert "at.yawk.lz4:lz4-java" in locked
    for name, first in FIRST_WITHOUT_A_HOLE.items():
        if name in locked:
            assert tuple(int(part) for part in locked[name].split(".")) >= first, name


def test_a_jar_that_was_cut_short_is_fetched_again(cache, jar):
    path = cache / jar.path
    path.write_bytes(path.read_bytes()[:-1])

    fetch_jars([jar], cache=cache)

    assert jar.is_intact(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_jar_with_another_hash_is_refused(cache, jar):
    other = replace(jar, sha256="0" * 64)
    (cache / jar.path).unlink()

    with pytest.raises(ServiceFailed, match=f"{jar.coordinate} came with sha256 {jar.sha256}"):
        fetch_jars([other], cache=cache)

    assert not (cache / jar.path).exists()


def test_without_a_network_it_says_what_to_do(tmp_path, jar):
    with no_network(), pytest.raises(ServiceFailed, match=r"connect to the network.*KAFKA_BOOTSTRAP_SERVERS"):
        fetch_jars([jar], cache=tmp_path)


def test_without_a_network_the_jars_that_are_here_do(jar):
    with no_network():
        (path,) = fetch_jars([jar])

    assert path.exists()


def test_a_cache_that_cannot_be_written_is_named(jar, tmp_path: Path):
    (tmp_path / "com").write_text("a file where a folder must be")
    (tmp_path / "org").write_text("a file where a folder must be")

    with pytest.raises(ServiceFailed, match=r"Cannot keep the broker's jars.*M2_REPO"):
        fetch_jars([jar], cache=tmp_path)
