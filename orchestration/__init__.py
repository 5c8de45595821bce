"""What the Dagster UI shows: topics, raw tables, dbt models, checks, and the run that loops over them.

defs/   the definitions, one subject per file
loop/   one turn of the micro-batch run, its cadence, lease and report
dbt/    the dbt project as assets, and dbt kept warm in this process
"""
