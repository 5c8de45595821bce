"""What becomes of any messages: through a real broker, the drain and a turn of the compiled plan.

publish ─▶ drain ─▶ turn ─▶ each message has landed, and is good in its mart, or rejected with a reason
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ingest.core.settings import Settings
from ingest.core.topics import BY_NAME, Topic
from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from ingest.kafka.topic_admin import describe_topics, ensure_topics
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.plan import Plan
from tests.dbt.planned_trial import PlannedTrial
from tests.dbt.trial import PROJECT, Project
from tests.support.other_side import OtherSide, Sent

PLACE = "topic_life, kafka_partition, kafka_offset"
REJECTED = (PROJECT / "models" / "marts" / "quality" / "fct_rejected_records.sql").read_text()
STAGING = {
    topic: model for model, topic in re.findall(r'rejected_records\(ref\("(\w+)"\), "([\w.]+)"', REJECTED)
} | {topic: "stg_cdc__changes" for topic in BY_NAME if topic.startswith("cdc.")}
TRADES = ("stg_binance__trades", "stg_coinbase__trades", "stg_kraken__trades")
MEMORY = Path("/proc/self/status")


class Accounts:
    """One warehouse on a broker; begun anew, topics and all, once something went wrong: a message that does
    harm would harm whatever is tried after it."""

    def __init__(
        self, other_side: OtherSide, settings: Settings, project: Project, plan: Plan, topics: Iterable[str]
    ) -> None:
        self._other_side, self._settings, self._project, self._plan = other_side, settings, project, plan
        self._topics = [replace(BY_NAME[name], partitions=1) for name in topics]
        self._open = ExitStack()
        self._began = 0
        self._is_fit = False
        self.slowest_turn = 0.0

    def try_out(self, messages: Sequence[tuple[str, Sent]], codec: str) -> None:
        if not self._is_fit:
            self._begin()
        self._is_fit = False
        by_topic: dict[str, list[Sent]] = defaultdict(list)
        for topic, sent in messages:
            by_topic[topic].append(sent)
        before = {topic: self._landed(topic) for topic in by_topic}
        for topic, batch in by_topic.items():
            self._other_side.publish(topic, batch, compression_type=codec)
        list(self._drain.run_once())
        assert self._drain.troubles == {}
        began = time.monotonic()
        self._trial.must_run()
        self.slowest_turn = max(self.slowest_turn, time.monotonic() - began)
        landed = {topic: self._landed(topic) - before[topic] for topic in by_topic}
        assert landed == {topic: len(batch) for topic, batch in by_topic.items()}
        for topic in by_topic:
            self._must_be_judged(BY_NAME[topic])
        self._must_be_told()
        self._is_fit = True

    def close(self) -> None:
        """Nothing of it is left on the broker, which others share."""
        self._open.close()
        for topic in describe_topics(self._settings, self._topics):
            self._other_side.delete_topic(topic)

    def _begin(self) -> None:
        self.close()
        self._began += 1
        ensure_topics(self._settings, self._topics)
        home = self._settings.tickhouse_home / str(self._began)
        warehouse = DuckDbWarehouse(home / "warehouse.duckdb")
        warehouse.migrate()
        self._trial = PlannedTrial(self._project, home, self._open.enter_context(warehouse.open()))
        self._trial.adopt(self._plan)
        drain = Drain(lambda: open_log(self._settings), warehouse, self._topics)
        self._drain = self._open.enter_context(drain)

    def _landed(self, topic: str) -> int:
        ((count,),) = self._trial.rows(f"select count(*) from raw.{BY_NAME[topic].raw_table}")
        return count

    def _must_be_judged(self, topic: Topic) -> None:
        """Every message is in staging, and what is refused there has a reason, and is listed."""
        staging = f"staging.{STAGING[topic.name]}"
        of_topic = (
            f"from {staging} where kafka_topic = '{topic.name}'" if "cdc" in staging else f"from {staging}"
        )
        none = (
            f"select {PLACE} from raw.{topic.raw_table} except select {PLACE} {of_topic}",
            f"select {PLACE} from {staging} where trim(rejected_reason) = ''",
            f"""select {PLACE} from (from {staging} where rejected_reason is not null)
                except select topic_life, kafka_partition, first_offset from marts.fct_rejected_records""",
        )
        for sql in none:
            assert self._trial.rows(sql) == [], sql

    def _must_be_told(self) -> None:
        """A trade that is good is in the mart, under its id."""
        for staging in TRADES:
            name = "venue, symbol, trade_id"
            lost = f"""select {name} from staging.{staging} where rejected_reason is null
                       except select {name} from marts.fct_trades"""
            assert self._trial.rows(lost) == []


class Memory:
    """The most that this process held at once since it was last asked, where the system tells."""

    def __init__(self) -> None:
        self.peak_bytes()

    def peak_bytes(self) -> int:
        if not MEMORY.exists():
            return 0
        (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", MEMORY.read_text())
        Path("/proc/self/clear_refs").write_text("5")
        return int(peak) * 1024
