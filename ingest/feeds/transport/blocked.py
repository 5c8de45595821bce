"""A venue that does not serve where we are: no retry helps, another host may."""

from ingest.core.errors import SettingsInvalid

WHY = {403: "forbidden", 451: "not offered in this country"}


def is_blocked(status: int) -> bool:
    return status in WHY


def blocked(url: str, status: int, setting: str) -> SettingsInvalid:
    """The error, with the setting that says which host is asked."""
    return SettingsInvalid(
        f"{url} refuses us: HTTP {status}, {WHY[status]}. Set {setting} to a host that serves your country."
    )
