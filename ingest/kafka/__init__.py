"""Kafka: reading the log, writing to it, and looking after topics."""
