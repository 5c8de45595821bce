"""Numbered SQL files bring a warehouse's schema up to date, each applied once. Each engine has its own."""

from importlib import resources

from ingest.core.errors import NeedsAttention


def numbered(package: str) -> list[tuple[int, str]]:
    """(version, SQL) of every migration in the package's folder of them, in order."""
    files = resources.files(package).joinpath("migrations").iterdir()
    found = [(int(file.name.split("_")[0]), file.read_text()) for file in files if file.name.endswith(".sql")]
    return sorted(found)


def newer_than(version: int, known: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """What a warehouse of this version lacks. One that a newer Tickhouse wrote is not touched."""
    newest = known[-1][0]
    if version > newest:
        raise NeedsAttention(
            f"The warehouse has schema version {version}, this Tickhouse knows {newest}: a newer Tickhouse "
            "wrote it. Upgrade, or restore a backup made by this version."
        )
    return [migration for migration in known if migration[0] > version]
