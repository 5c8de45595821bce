"""Whether to trust the tables."""
