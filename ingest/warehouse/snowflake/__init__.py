"""Snowflake, behind the same protocol as DuckDB."""
