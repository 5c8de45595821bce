"""The whole way of a source's messages: published, drained, decoded; then asked."""

from dataclasses import replace
from datetime import UTC, datetime

from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS
from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from ingest.kafka.topic_admin import ensure_topics
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.dbt.trial import Trial


class Pipeline:
    """A Tickhouse that knows nothing of what was in the topics before it began."""

    def __init__(self, bootstrap: str, trial: Trial) -> None:
        self.settings = Settings(tickhouse_home=trial.directory, kafka_bootstrap_servers=bootstrap)
        self.trial = trial
        ensure_topics(self.settings)
        now = datetime.now(UTC)
        self._topics = [replace(topic, start_from=now) for topic in TOPICS]

    def tickhouse(self, *arguments: str) -> Result:
        """A command, in this Tickhouse."""
        here = {
            "TICKHOUSE_HOME": str(self.settings.tickhouse_home),
            "KAFKA_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers,
        }
        return CliRunner().invoke(app, arguments, env=here)

    def land(self) -> None:
        """All that is in Kafka, in this thread: the trial holds the warehouse open, as the loop does."""
        warehouse = DuckDbWarehouse(self.settings.warehouse_path)
        with Drain(lambda: open_log(self.settings), warehouse, self._topics) as drain:
            while batches := drain.fetch():
                for batch in batches:
                    drain.land(batch)

    def build(self, *models: str) -> None:
        self.trial.must_run("--select", *models)

    def rows(self, sql: str) -> list[tuple]:
        return self.trial.rows(sql)

    def rejected(self, topic: str) -> dict[str, int]:
        sql = f"""select rejected_reason, count(*) from marts.fct_rejected_records
                  where kafka_topic = '{topic}' group by all"""
        return dict(self.rows(sql))
