"""What `tickhouse up` says while it runs: feeds that lose or find their exchange, and the first rows."""

from dataclasses import dataclass

from ingest.core.errors import WarehouseBusy
from ingest.core.settings import Settings
from ingest.feeds.health import read_feeds
from ingest.warehouse.connection import REFUSALS
from ingest.warehouse.open import open_warehouse

WAIT_SECONDS = 5


class FeedNews:
    """Each problem of a feed once, and its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._problems: dict[str, str] = {}

    def news(self) -> list[str]:
        problems = {feed.feed: feed.problem for feed in read_feeds(self._settings) if feed.problem}
        said = [
            f"Feed {name}: {problem}. It goes on trying."
            for name, problem in problems.items()
            if name not in self._problems
        ]
        said += [f"Feed {name} is connected again." for name in self._problems if name not in problems]
        self._problems = problems
        return said


@dataclass(frozen=True, slots=True)
class FirstRows:
    """Rows of this feed that were built since `up` began: what a home holds from before is not news."""

    settings: Settings
    table: str
    venue: str
    since_batch_id: int

    def count(self) -> int:
        question = f"select count(*) from {self.table} where venue = ? and batch_id > ?"
        return _one(self.settings, question, [self.venue, self.since_batch_id])


def newest_batch_id(settings: Settings) -> int:
    """0: nothing has landed, or nothing can."""
    return _one(settings, "select coalesce(max(batch_id), 0) from ops.batches", [])


def _one(settings: Settings, question: str, values: list[object]) -> int:
    try:
        with (
            open_warehouse(settings, wait_seconds=WAIT_SECONDS) as warehouse,
            warehouse.reading() as connection,
        ):
            row = connection.execute(question, values).fetchone()
    except (WarehouseBusy, *REFUSALS):
        return 0
    return row[0] if row else 0
