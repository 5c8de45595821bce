"""JSON as people read it: broken where it does not fit a line, and otherwise as it was sent.

Numbers stay as they are written, fields that come twice stay twice: this is evidence.
"""

import json

from ingest.core.visible import visible_json

INDENT = "  "


class _Verbatim(str):
    """A number, as it was written."""


class _Fields(list[tuple[str, object]]):
    """An object."""


def broken_json(text: str, width: int) -> str | None:
    """None: it is not JSON, or nested too deeply to be read."""
    try:
        found = json.loads(
            text,
            object_pairs_hook=_Fields,
            parse_float=_Verbatim,
            parse_int=_Verbatim,
            parse_constant=_Verbatim,
        )
        return visible_json(_broken(found, width, ""))
    except (ValueError, RecursionError):
        return None


def _broken(value: object, width: int, indent: str) -> str:
    line = _line(value)
    if len(indent) + len(line) <= width or not isinstance(value, list) or not value:
        return line
    inner = indent + INDENT
    if isinstance(value, _Fields):
        parts = [f"{_line(name)}: {_broken(part, width - len(name) - 4, inner)}" for name, part in value]
    else:
        parts = [_broken(part, width, inner) for part in value]
    opening, closing = "{}" if isinstance(value, _Fields) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closing}"


def _line(value: object) -> str:
    if isinstance(value, _Verbatim):
        return value
    if isinstance(value, _Fields):
        return "{" + ", ".join(f"{_line(name)}: {_line(part)}" for name, part in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_line, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
