"""One line of the doctor's report."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was seen, and what to do about it."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    seen: str
    advice: str = ""
