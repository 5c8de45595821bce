"""What the lineage shows: topics, raw tables, models, polls."""
