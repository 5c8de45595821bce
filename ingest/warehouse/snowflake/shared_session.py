"""One session for many questions: opened at the first of them, anew after the network failed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import Error

from ingest.core.errors import StaleLanding, WarehouseUnavailable
from ingest.core.settings import Settings
from ingest.warehouse.snowflake.patience import LOCK_WAIT_ENDED, PatientCursor
from ingest.warehouse.snowflake.session import explained, open_session

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


class SharedSession:
    """Shared by threads in turn."""

    def __init__(self, settings: Settings, run_id: str | None = None) -> None:
        self._settings = settings
        self._run_id = run_id
        self._session: SnowflakeConnection | None = None
        self._turn = threading.RLock()

    def close(self) -> None:
        with self._turn, suppress(Error):
            if self._session is not None:
                self._session.close()
        self._session = None

    @contextmanager
    def cursor(self) -> Iterator[SnowflakeCursor]:
        """A cursor of the session; what Snowflake says of an error, in our words."""
        with self._turn:
            try:
                if self._session is None:
                    self._session = open_session(self._settings, self._run_id)
                with self._session.cursor(PatientCursor) as cursor:
                    yield cursor
            except Error as error:
                if error.errno == LOCK_WAIT_ENDED:
                    raise StaleLanding(
                        "Another session kept Snowflake's tables busy for too long; nothing of this landed. "
                        "A rerun goes on; `show locks in account` in Snowflake says who holds them."
                    ) from error
                told = explained(error)
                if isinstance(told, WarehouseUnavailable):
                    self.close()
                raise told from error
