"""Everything between the exchange and the warehouse, and what a person asks of it, in plain Python.

    exchange ─▶ feeds/ ─▶ kafka/ ─▶ drain/ ─▶ warehouse/ ─▶ (dbt_project)

core/        the nouns: settings, errors, topics, messages, windows
operations/  what a person asks of a running instance: status, audit, backup, …
services/    what Tickhouse brings along: a Kafka broker, PostgreSQL, Kafka Connect
cli/         the command line

Nothing here imports Dagster or dbt: `orchestration/` sees to both.
"""
