"""The definitions, one subject per file; Dagster loads every module of this folder."""
