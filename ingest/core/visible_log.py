"""What a command logs, on its terminal or in the log that it is sent to: also there, text steers nothing."""

import logging

from ingest.core.visible import visible


class VisibleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


def show_warnings() -> None:
    """As Python does it by itself, on stderr."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(VisibleFormatter())
    logging.getLogger().addHandler(handler)
