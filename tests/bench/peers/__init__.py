"""Other people's ways from the same topic to a table, each run by a Python that knows nothing of ours."""
