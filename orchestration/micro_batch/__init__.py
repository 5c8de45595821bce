"""The micro-batch run: one Dagster run that drains, builds and checks, turn after turn.

sensor ─▶ run: warm up ─▶ take the lease ─▶ turn ─▶ turn ─▶ … ─▶ relieved by its successor

sensor.py      starts a run, and its successor before it ends
job.py         the run
turn.py        one turn: land what Kafka has, build what it touches
due_models.py  which models have work
backoff.py     a failing model waits, the others go on
report.py      what the UI is told, and how often
"""
