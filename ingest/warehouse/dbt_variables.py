"""What dbt_project/profiles.yml reads from the environment, from the settings that everything else reads.

Secrets go under names that begin with DBT_ENV_SECRET: dbt lets no other file read them, and blots them out
of whatever it says.
"""

from collections.abc import Mapping

from ingest.core.settings import Settings
from ingest.warehouse.engine import engine_of

SECRET = "DBT_ENV_SECRET"  # noqa: S105  (how a name begins)


def dbt_variables(settings: Settings, run_id: str | None = None) -> dict[str, str]:
    """For the environment of dbt, in this process or in one that is started."""
    return {
        "TICKHOUSE_HOME": str(settings.tickhouse_home),
        "WAREHOUSE": settings.warehouse,
        "DBT_TARGET_PATH": dbt_target(settings),
        **engine_of(settings).dbt_variables(settings, run_id),
    }


def dbt_target(settings: Settings) -> str:
    """Where dbt keeps what it parsed for this warehouse, within its project."""
    return engine_of(settings).dbt_target(settings)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """For children that do not connect: a key that was decrypted stays in the processes that use it."""
    return {name: value for name, value in environment.items() if not name.startswith(SECRET)}
