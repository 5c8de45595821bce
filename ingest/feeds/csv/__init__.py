"""Market data from CSV files, row by row, as if it came now.

    file ─▶ rows (streamed) ─▶ layout (columns ─▶ payload) ─▶ replay (pace, place in the file) ─▶ Message

The cells keep the file's own text; what they mean is staging's to say.
"""
