"""Everything at once, as `tickhouse up` runs it.

broker ─▶ topics ─▶ feed              stopped the other way round
code server, webserver, daemon        beside them: they import while the broker starts
PostgreSQL ─▶ Connect ─▶ tables       with change data capture

Whatever dies is started again: see supervisor.py.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings
from ingest.core.visible import visible
from ingest.kafka.topic_admin import ensure_topics
from ingest.operations import dagster_history
from ingest.operations.child import begin_log, start_child
from ingest.operations.dagster_parts import DagsterParts, dagster_parts, ui_url
from ingest.operations.home import prepare_home
from ingest.operations.home_lock import home_taken
from ingest.operations.runs import end_looping, forget_starting
from ingest.operations.service_part import broker_part, connect_part, postgres_part, redis_part
from ingest.operations.supervisor import Supervisor
from ingest.operations.watching import FeedNews
from ingest.services import broker, change_data, ports, postgres, redis

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 120
STORES = {"postgres": (postgres, postgres_part), "redis": (redis, redis_part)}


class Stack:
    """A running Tickhouse; leaving the `with` stops all of it in order."""

    def __init__(self, settings: Settings, port: int) -> None:
        self._settings = settings
        self._port = port
        self._running = ExitStack()
        self._supervisor = Supervisor()
        self._is_dagster_there = False
        self._is_up = False
        self._told: Path | None = None
        self._watch: change_data.Watch | None = None
        self._feeds = FeedNews(settings)
        self.url = ui_url(settings.ui_host, port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A run that ends after its turn says so in the UI; one that is interrupted looks like a failure.
        self._running.push(self._end_looping)
        self._running.close()
        if isinstance(error, ServiceFailed):
            self._log([str(error)])

    def start(
        self,
        feed: list[str] | None,
        tables: list[str] | None = None,
        stores: Sequence[str] = (),
        say: Callable[[str], None] = print,
    ) -> None:
        """Bring everything up: `feed` is the `tickhouse` command that publishes, if any, `tables` what
        fills the tables whose changes are captured, if they are; `stores`: the embedded ones to write to.
        What happens meanwhile is said."""
        dagster = self._running.enter_context(dagster_parts(self._settings, self._port))
        self._running.enter_context(home_taken(self._settings, self.url))
        ports.require_free(self._port)
        prepare_home(self._settings)
        self._told = begin_log(self._settings, "up")
        if self._settings.kafka_bootstrap_servers is None:
            self._running.callback(self._stop_broker, was_there=broker.is_running(self._settings))
        forget_starting(self._settings)
        self._start_stores(stores)
        self._start("code server", dagster.code_server)
        is_known_home = dagster_history.is_made(self._settings.dagster_home)
        if is_known_home:
            self._start_ui(dagster)
        if self._settings.kafka_bootstrap_servers is None:
            broker.start(self._settings)
            self._supervisor.watch(broker_part(self._settings))
        ensure_topics(self._settings)
        if feed:
            self._start("feed", ["tickhouse", *feed], may_finish=True)
        if not is_known_home:
            self._wait_for_history(dagster, say)
            self._start_ui(dagster)
        if tables:
            self._capture(tables, stores)
        self._wait("Dagster UI", lambda: dagster.is_code_loaded() and self._answers(), say)
        self._is_up = True

    def news(self, *, is_starting: bool = False) -> list[str]:
        """What has died or runs again, and what becomes of feeds; ServiceFailed where there is no hope."""
        captured = self._watch.news() if self._watch else None
        died = self._supervisor.news(is_starting=is_starting)
        said = [*died, *([captured] if captured else []), *self._feeds.news()]
        self._log(said)
        return said

    def _start_stores(self, stores: Sequence[str]) -> None:
        """They come first: Dagster's runs write to them from the first turn on."""
        for name in stores:
            service, part = STORES[name]
            self._running.callback(service.stop, self._settings)
            service.start(self._settings)
            self._supervisor.watch(part(self._settings))
        names = dict.fromkeys([*self._settings.sink_names, *stores])
        self._settings = self._settings.model_copy(update={"sinks": ",".join(names)})

    def _start_ui(self, dagster: DagsterParts) -> None:
        self._start("webserver", dagster.webserver)
        self._start("daemon", dagster.daemon)
        self._is_dagster_there = True

    def _capture(self, tables: list[str], stores: Sequence[str]) -> None:
        """Change data capture: its services, and what fills the tables."""
        self._running.callback(change_data.stop, self._settings)
        change_data.start(self._settings)
        if self._settings.postgres_url is None and "postgres" not in stores:
            self._supervisor.watch(postgres_part(self._settings))
        self._supervisor.watch(connect_part(self._settings))
        self._start("table loader", ["tickhouse", *tables])
        self._watch = change_data.Watch(self._settings)

    def _stop_broker(self, *, was_there: bool) -> None:
        """One that was there before a start that failed is somebody's, and stays."""
        if self._is_up or not was_there:
            broker.stop(self._settings)

    def _end_looping(self, *_: object) -> None:
        if self._is_dagster_there:
            end_looping(self._settings, patience_seconds=10)

    def _start(self, name: str, command: list[str], *, may_finish: bool = False) -> None:
        child = start_child(name, command, self._settings, may_finish=may_finish)
        self._running.callback(child.stop)
        self._supervisor.watch(child)

    def _wait_for_history(self, dagster: DagsterParts, say: Callable[[str], None]) -> None:
        """The code server makes it; see dagster_history.py."""
        home = self._settings.dagster_home
        self._wait("code server", lambda: dagster_history.is_made(home) or dagster.is_code_loaded(), say)

    def _wait(self, what: str, is_there: Callable[[], bool], say: Callable[[str], None]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_there():
            for news in self.news(is_starting=True):
                say(news)
            if time.monotonic() > deadline:
                logs = self._settings.tickhouse_home / "logs"
                raise ServiceFailed(
                    f"The {what} did not answer within {START_SECONDS} s. {logs} has what its parts say: "
                    "code-server.log, webserver.log, daemon.log."
                )
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=2):  # noqa: S310
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def _log(self, lines: Sequence[str]) -> None:
        """What is said is also written down: who comes later finds it in logs/up.log."""
        if lines and self._told is not None:
            with self._told.open("a") as log:
                log.writelines(f"{time.strftime('%F %T')} {visible(line)}\n" for line in lines)
