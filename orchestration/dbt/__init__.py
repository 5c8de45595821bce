"""The dbt project as Dagster sees it."""
