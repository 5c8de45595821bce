"""Everything at once, as `tickhouse up` runs it.

broker ─▶ topics ─▶ feed        stopped the other way round
dagster dev                     beside them: it imports while the broker starts
PostgreSQL ─▶ Connect ─▶ tables    with change data capture
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.kafka.topic_admin import ensure_topics
from ingest.operations.child import Child, start_child
from ingest.operations.home import prepare_home
from ingest.operations.home_lock import home_taken
from ingest.operations.runs import end_looping, forget_starting
from ingest.operations.watching import FeedNews
from ingest.services import broker, change_data, ports, postgres, redis

URL_SECONDS = 120
STORES = {"postgres": postgres, "redis": redis}


class Stack:
    """A running Tickhouse; leaving the `with` stops all of it in order."""

    def __init__(self, settings: Settings, port: int) -> None:
        self._settings = settings
        self._port = port
        self._running = ExitStack()
        self._children: list[Child] = []
        self._watch: change_data.Watch | None = None
        self._feeds = FeedNews(settings)
        self.url = f"http://{ports.LOOPBACK}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A run that ends after its turn says so in the UI; one that is interrupted looks like a failure.
        self._running.push(self._end_looping)
        self._running.close()

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
        self._running.enter_context(home_taken(self._settings, self.url))
        ports.require_free(self._port)
        prepare_home(self._settings)
        if self._settings.kafka_bootstrap_servers is None:
            self._running.callback(broker.stop, self._settings)
        forget_starting(self._settings)
        self._start_stores(stores)
        dagster = self._start("dagster", self._dagster_command())
        if self._settings.kafka_bootstrap_servers is None:
            broker.start(self._settings)
        ensure_topics(self._settings)
        if feed:
            self._start("feed", ["tickhouse", *feed]).may_finish = True
        if tables:
            self._running.callback(change_data.stop, self._settings)
            change_data.start(self._settings)
            self._start("tables", ["tickhouse", *tables])
            self._watch = change_data.Watch(self._settings)
        self._wait_for_ui(dagster, say)

    def check(self) -> None:
        """ServiceFailed if something of ours has ended."""
        for child in self._children:
            child.check()

    def news(self) -> list[str]:
        """Of what mends itself, when it breaks and when it works again."""
        captured = self._watch.news() if self._watch else None
        return [*([captured] if captured else []), *self._feeds.news()]

    def _start_stores(self, stores: Sequence[str]) -> None:
        """They come first: Dagster's runs write to them from the first turn on."""
        for name in stores:
            self._running.callback(STORES[name].stop, self._settings)
            STORES[name].start(self._settings)
        names = dict.fromkeys([*self._settings.sink_names, *stores])
        self._settings = self._settings.model_copy(update={"sinks": ",".join(names)})

    def _end_looping(self, *_: object) -> None:
        if self._children:
            end_looping(self._settings, patience_seconds=10)

    def _start(self, name: str, command: list[str]) -> Child:
        child = start_child(name, command, self._settings)
        self._running.callback(child.stop)
        self._children.append(child)
        return child

    def _dagster_command(self) -> list[str]:
        workspace = str(PROJECT_ROOT / "workspace.yaml")
        where = ["--host", ports.LOOPBACK, "--port", str(self._port)]
        return ["dagster", "dev", "--workspace", workspace, *where, "--log-level", "warning"]

    def _wait_for_ui(self, dagster: Child, say: Callable[[str], None]) -> None:
        deadline = time.monotonic() + URL_SECONDS
        while time.monotonic() < deadline:
            self.check()
            for news in self.news():
                say(news)
            try:
                with urllib.request.urlopen(f"{self.url}/server_info", timeout=2):  # noqa: S310
                    return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)
        raise dagster.failure(f"did not answer within {URL_SECONDS} s")
