"""What the logs of an embedded service say about a start that failed."""

from pathlib import Path

from ingest.core.errors import DiskFull, ServiceFailed, TickhouseError

SHOWN_LINES = 12
SERVICES = {"broker": "embedded broker", "connect": "embedded Kafka Connect"}


def end(home: Path, name: str = "broker") -> int:
    """How long the log is now: what a start adds to it comes after."""
    log = home / "logs" / f"{name}.log"
    return log.stat().st_size if log.exists() else 0


def failure(home: Path, log_start: int, why: str, name: str = "broker") -> TickhouseError:
    """The error for a service that did not come up, with the lines that tell the reason."""
    service = SERVICES[name]
    lines = _lines(home / "logs" / "console.log", 0) + _lines(home / "logs" / f"{name}.log", log_start)
    if any("No space left on device" in line for line in lines):
        return DiskFull(
            f"The {service} found no room to write in {home}. Free some space, or set TICKHOUSE_HOME to a "
            "folder on another disk."
        )
    shown = "\n".join(f"  {line}" for line in _telling(lines)) or "  (it wrote nothing)"
    return ServiceFailed(
        f"The {service} {why}. What it logged ({home / 'logs'}):\n{shown}\n"
        "Mend what it names and start again; `tickhouse doctor` looks at the usual suspects."
    )


def _lines(log: Path, start: int) -> list[str]:
    if not log.exists():
        return []
    with log.open(errors="replace") as file:
        file.seek(start if start <= log.stat().st_size else 0)
        return file.read().splitlines()


def _telling(lines: list[str]) -> list[str]:
    """From the first error on if there is one, without the frames of Java's stack."""
    kept = [line for line in lines if not line.startswith("\tat ")]
    first = next((i for i, line in enumerate(kept) if " ERROR " in line or " FATAL " in line), None)
    return kept[-SHOWN_LINES:] if first is None else kept[first : first + SHOWN_LINES]
