"""What the Dagster UI shows: topics, raw tables, dbt models, checks, and the run that loops over them.

assets/       topics, raw tables, models, polls
checks/       whether to trust them
micro_batch/  the run that drains and builds, turn after turn: its sensor, turns, report, hand-over
maintenance/  jobs at night, each hour, and when somebody asks
preview/      how tables look: rows and pictures
notify/       who is told of failures and price alerts
dbt/          the dbt project, and running it
"""
