"""What the peers run in: a virtual environment each, versions pinned here and not in the project's lock."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Bench
from tests.bench.measure import SubjectFailed

DLT = (
    "dlt[duckdb]==1.31.0",
    "duckdb==2.0.0",
    "kafka-python==3.0.12",
    "crc32c==2.9.post0",
    "zstandard==0.25.0",
)
CRYPTOFEED = ("cryptofeed==2.4.1", "aiokafka==0.14.0")
SPARK = ("pyspark==4.0.0",)
SORTED_CONTAINERS = ("sortedcontainers==2.4.0", "pyarrow==26.0.1")
NAUTILUS = ("nautilus_trader==1.221.0", "pyarrow==26.0.1")
POLARS = ("polars==2.1.0", "pandas==3.1.1", "pyarrow==26.0.1")
SPARK_KAFKA_JARS = (
    "org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0",
    "org.apache.spark:spark-token-provider-kafka-0-10_2.13:4.0.0",
    "org.apache.kafka:kafka-clients:3.9.0",
    "org.apache.commons:commons-pool2:2.12.0",
)
SPARK_JAVA = range(17, 22)


def peer_python(bench: Bench, name: str, packages: Sequence[str]) -> str:
    """The Python of a peer's environment, made if it is not there as wanted."""
    folder = bench.home / "peers" / name
    made_of = folder / "made_of"
    wanted = "\n".join([sys.version, *packages])
    if not made_of.exists() or made_of.read_text() != wanted:
        bench.say(f"installing {', '.join(packages)} (once)")
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _uv("venv", "--quiet", "--python", sys.executable, str(folder))
        _uv("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *packages)
        made_of.write_text(wanted)
    return str(folder / "bin" / "python")


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run([str(uv), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SubjectFailed(f"uv {' '.join(arguments[:2])}: {done.stderr.strip().splitlines()[-1]}")


def spark_jars() -> list[str]:
    """Spark's Kafka source, from the Maven cache or fetched into it."""
    from jgo.maven import MavenContext

    context = MavenContext()
    paths = []
    for coordinate in SPARK_KAFKA_JARS:
        group, name, version = coordinate.split(":")
        try:
            paths.append(str(context.project(group, name).at_version(version).artifact().resolve()))
        except (OSError, RuntimeError) as error:
            raise SubjectFailed(f"{coordinate}: {error}") from error
    return paths


def require_java_for_spark() -> None:
    """Spark 4.0 runs on Java 17 to 21; the broker's own runtime is a newer one."""
    if shutil.which("java") is None:
        raise SubjectFailed("no `java` on PATH (Spark 4.0 wants Java 17 to 21)")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = said.split('"')[1] if '"' in said else said.strip()
    if not version.split(".")[0].isdigit() or int(version.split(".")[0]) not in SPARK_JAVA:
        raise SubjectFailed(f"Java {version} on PATH (Spark 4.0 wants 17 to 21)")
