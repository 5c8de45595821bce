"""What Tickhouse is measured by: `make bench`. Never part of the suite, nothing here asserts a time.

    python -m tests.bench [book drain freshness history live start vwap] [--scale small|full] [--out FILE]

__main__.py    the command: runs what was named, writes figures as JSON and docs/benchmarks.md
measure.py     a subject in a process of its own: seconds, CPU, memory; rounds that alternate subjects
figures.py     what was found, beside what design.md wants
report.py      the markdown between two markers
book.py        ladders, against Python and plain SQL; a batch on ten times the history
drain.py       Kafka ─▶ raw rows, against bare consume, a dlt pipeline, Spark Structured Streaming
freshness.py   event ─▶ mart under a real `tickhouse up`, with hand-overs and a kill -9
live.py        the live models alone, messages a second
history.py     a batch on ten times the history; a rebuild's memory
start.py       from the command to the URL and to rows
"""
