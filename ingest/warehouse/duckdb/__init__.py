"""The warehouse on a laptop: one file."""
