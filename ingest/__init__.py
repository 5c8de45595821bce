"""Everything between the exchange and the warehouse, in plain Python.

    sources ─▶ Kafka topic ─▶ drain ─▶ raw table ─▶ (dbt_project) ─▶ sinks
    ingest/sources  ingest/kafka  ingest/drain.py  ingest/warehouse

Nothing here imports Dagster or dbt: `orchestration/` sees to both.
"""
