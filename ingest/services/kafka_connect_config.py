"""What Kafka Connect is told, and Debezium in it: read PostgreSQL's log, write a topic per table.

PostgreSQL ─ slot `tickhouse` ─▶ Debezium ─▶ cdc.binance.prices, …
                                    └──────▶ connect.offsets: how far it has come
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.feeds.change_data.tables import SCHEMA, TABLES
from ingest.kafka.java_client import JavaClient, java_client
from ingest.services import ports
from ingest.services.broker_config import properties

NAME = "tickhouse"
"""Of the connector, of its slot and of its publication."""
TOPIC_PREFIX = "cdc"
VENUE = "binance"
HEARTBEAT_MS = 10_000
ASCII_END = 128

WORKER: dict[str, str | int] = {
    "group.id": "tickhouse-connect",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "false",
    "value.converter.schemas.enable": "false",
    # In Kafka and not in a file: a kill in the middle of writing it would lose the place.
    "config.storage.topic": "connect.configs",
    "offset.storage.topic": "connect.offsets",
    "status.storage.topic": "connect.status",
    "config.storage.replication.factor": 1,
    "offset.storage.replication.factor": 1,
    "status.storage.replication.factor": 1,
    "offset.storage.partitions": 1,
    "status.storage.partitions": 1,
    # After a kill, what was sent since is sent again.
    "offset.flush.interval.ms": 5_000,
    # One worker: nobody to wait for, and after a kill nobody else's turn.
    "scheduled.rebalance.max.delay.ms": 0,
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 2_000,
    "plugin.discovery": "only_scan",
    # A connector takes our Kafka as it is: no other client settings come by the REST.
    "connector.client.config.override.policy": "None",
    "config.providers": "file",
    "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
}

CLIENTS = ("producer", "consumer", "admin")

CONNECTOR: dict[str, str] = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "tasks.max": "1",
    "plugin.name": "pgoutput",
    "slot.name": NAME,
    "publication.name": NAME,
    "publication.autocreate.mode": "filtered",
    "topic.prefix": TOPIC_PREFIX,
    "table.include.list": ",".join(f"{SCHEMA}.{table.name}" for table in TABLES),
    # Numbers as PostgreSQL writes them, nothing rounded.
    "decimal.handling.mode": "string",
    # All tables again, if the slot lost its place.
    "snapshot.mode": "when_needed",
    # Truncating a table is a change, too.
    "skipped.operations": "none",
    # While our tables are quiet and others write: a word of ours moves the slot on, or it would hold all of
    # that log.
    "heartbeat.interval.ms": str(HEARTBEAT_MS),
    "heartbeat.action.query": "select pg_logical_emit_message(false, 'heartbeat', now()::text)",
    "message.prefix.exclude.list": "heartbeat",
    "poll.interval.ms": "100",
    "retriable.restart.connector.wait.ms": "2000",
    # The topics of the tables are there; only the heartbeat's is made.
    "topic.creation.default.replication.factor": "1",
    "topic.creation.default.partitions": "1",
}


def worker_properties(settings: Settings, port: int) -> str:
    client = kafka_client(settings).options
    # What the worker itself is told, those that it starts for a connector are not.
    of_connector = {
        f"{kind}.{name}": value
        for kind in ("producer", "consumer", "admin")
        for name, value in client.items()
    }
    return properties(
        {
            **WORKER,
            "bootstrap.servers": settings.bootstrap_servers,
            **{name: _as_java_reads(value) for name, value in (client | of_connector).items()},
            "listeners": f"http://{ports.LOOPBACK}:{port}",
            # Whoever may use the REST could have any file of ours read aloud, in place of a setting.
            "config.providers.file.param.allowed.paths": _as_java_reads(str(secrets_path(settings))),
        }
    )


def kafka_client(settings: Settings) -> JavaClient:
    """How Connect logs in to Kafka. Not by its file of secrets: that one everybody may ask it about."""
    return java_client(settings, settings.connect_home / "kafka_client.pem")


def secrets_path(settings: Settings) -> Path:
    """Absolute, as Connect wants it; it stands between marks in its settings, so it may hold none."""
    path = settings.connect_home / "secrets.properties"
    if found := set(",:}") & set(str(path)):
        raise SettingsInvalid(
            f"Kafka Connect can read no file whose path has {' or '.join(sorted(found))} in it: {path}. Set "
            "TICKHOUSE_HOME to a folder without, or run Kafka Connect by compose.yaml."
        )
    return path


def connector_config(
    postgres_url: str, secrets: Path = Path("secrets.properties"), venue: str = VENUE
) -> dict[str, str]:
    """The connector, but for the password: it would stand in a topic. Connect reads it from a file."""
    place = urlsplit(postgres_url)
    return {
        **CONNECTOR,
        **_venue_in_headers(venue),
        "database.hostname": place.hostname or "localhost",
        "database.port": str(place.port or 5432),
        "database.user": unquote(place.username or ""),
        "database.password": f"${{file:{secrets}:password}}",
        "database.dbname": place.path.strip("/") or "postgres",
    }


def _venue_in_headers(venue: str) -> dict[str, str]:
    """What the warehouse does not take for granted of a message that names none, each message says."""
    if venue == VENUE:
        return {}
    return {
        "transforms": "venue",
        "transforms.venue.type": "org.apache.kafka.connect.transforms.InsertHeader",
        "transforms.venue.header": "venue",
        "transforms.venue.value.literal": venue,
    }


def secrets_file(postgres_url: str) -> str:
    password = unquote(urlsplit(postgres_url).password or "")
    return properties({"password": _as_java_reads(password)})


def _as_java_reads(value: str) -> str:
    """A backslash begins an escape in its files, and they are Latin-1."""
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = (int.from_bytes(units[place : place + 2]) for place in range(0, len(units), 2))
    return "".join(chr(code) if code < ASCII_END else f"\\u{code:04x}" for code in codes)
