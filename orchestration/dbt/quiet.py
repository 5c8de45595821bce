"""dbt composes several messages for each statement; in a small build that was a quarter of the time.

Ours are read by nobody (`--log-level none`): what a node says is in its result. So a message for debugging is
composed when somebody reads it, and told when there is a logger. (A callback is no sign of a listener: dbt
always adds one of its own.)
"""

from typing import Any

from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager


class QuietEvents(EventManager):
    """Passes over what is for debugging, while there is no logger. Warnings are errors as before."""

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,  # noqa: FBT001, FBT002  (dbt's own signature)
    ) -> None:
        is_for_debugging = (level or e.level_tag()) == EventLevel.DEBUG and not force_warn_or_error_handling
        if self.loggers or not is_for_debugging:
            super().fire_event(e, level, node, force_warn_or_error_handling)


def keep_quiet() -> None:
    """From now on, for dbt in this process."""
    ctx_set_event_manager(QuietEvents())  # pyright: ignore[reportArgumentType]  (as dbt's own does not fit)
    DebugLevel.__init__ = _keep_fields
    DebugLevel.__getattr__ = _compose


def _keep_fields(self: DebugLevel, **fields: Any) -> None:
    object.__setattr__(self, "fields", fields)


def _compose(self: DebugLevel, key: str) -> Any:
    if key == "pb_msg":
        BaseEvent.__init__(self, **self.fields)
        return object.__getattribute__(self, "pb_msg")
    return getattr(self.pb_msg, key)
