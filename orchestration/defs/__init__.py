"""The definitions, one subject per file; orchestration/definitions.py lists them."""
