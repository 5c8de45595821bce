"""Kafka, what reads PostgreSQL for it, and the ports that Tickhouse listens on."""

from ingest.core.errors import TickhouseError
from ingest.core.settings import Settings
from ingest.services import broker, change_data, ports
from ingest.services.doctor.finding import Finding

UI_PORT = 3000


def kafka(settings: Settings) -> Finding:
    if settings.kafka_bootstrap_servers:
        return _cluster(settings)
    if broker.is_up(settings):
        return Finding("ok", "Kafka", f"the embedded broker runs at {settings.bootstrap_servers}")
    port = settings.embedded_kafka_port
    if ports.is_free(port):
        return Finding("ok", "Kafka", f"the embedded broker is stopped, port {port} is free for it")
    seen = f"port {port} is taken by {ports.holder(port)}"
    if "embedded_kafka_port" not in settings.model_fields_set:
        return Finding("ok", "Kafka", f"{seen}; the embedded broker will take another")
    return Finding("fail", "Kafka", seen, "Stop that program, or set EMBEDDED_KAFKA_PORT to a free port.")


def change_data_capture(settings: Settings) -> Finding:
    found = change_data.status(settings)
    if found is None:
        return Finding("ok", "CDC", "does not run; `tickhouse up --with cdc` starts it")
    if not found.is_wrong:
        return Finding("ok", "CDC", str(found))
    advice = f"Its log: {settings.connect_home / 'logs'}; docs/runbook.md says what to do."
    return Finding("fail", "CDC", str(found), advice)


def ui_port(_: Settings) -> Finding:
    if ports.is_free(UI_PORT):
        return Finding("ok", "UI port", f"{UI_PORT} is free")
    advice = "Fine if that is Tickhouse; else: tickhouse up --port 3001"
    return Finding("warn", "UI port", f"{UI_PORT} is taken by {ports.holder(UI_PORT)}", advice)


def _cluster(settings: Settings) -> Finding:
    from ingest.kafka.topic_admin import describe_topics

    try:
        found = describe_topics(settings)
    except TickhouseError as error:
        return Finding("fail", "Kafka", f"your cluster {settings.kafka_bootstrap_servers}", str(error))
    return Finding("ok", "Kafka", f"your cluster answers and has {len(found)} of our topics")
