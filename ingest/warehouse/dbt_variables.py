"""What dbt_project/profiles.yml reads from the environment, from the settings that everything else reads.

Secrets go under names that begin with DBT_ENV_SECRET: dbt lets no other file read them, and blots them out
of whatever it says.
"""

import base64
from collections.abc import Mapping

from ingest.core.settings import Settings

SECRET = "DBT_ENV_SECRET_SNOWFLAKE"  # noqa: S105  (how a name begins)
PLAIN = (
    *("account", "user", "role", "warehouse", "database", "host", "port", "protocol"),
    "workload_identity_provider",
)


def dbt_variables(settings: Settings, run_id: str | None = None) -> dict[str, str]:
    """For the environment of dbt, in this process or in one that is started."""
    found = {
        "TICKHOUSE_HOME": str(settings.tickhouse_home),
        "WAREHOUSE": settings.warehouse,
        "DBT_TARGET_PATH": settings.dbt_target,
    }
    return found | _snowflake(settings, run_id) if settings.warehouse == "snowflake" else found


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """For children that do not connect: a key that was decrypted stays in the processes that use it."""
    return {name: value for name, value in environment.items() if not name.startswith(SECRET)}


def _snowflake(settings: Settings, run_id: str | None) -> dict[str, str]:
    """The same account, the same proof of who we are, the same query tag as the drain's."""
    from ingest.warehouse.snowflake.session import session_options

    options = session_options(settings, run_id)
    key = options.get("private_key")
    return {
        **{f"SNOWFLAKE_{name.upper()}": str(options[name]) for name in PLAIN if name in options},
        "TICKHOUSE_DBT_AUTHENTICATOR": options.get("authenticator", "").lower(),
        # The key itself is told, without a passphrase.
        "TICKHOUSE_DBT_KEY_PATH": "",
        "TICKHOUSE_DBT_PASSPHRASE": "",
        f"{SECRET}_PRIVATE_KEY": base64.b64encode(key).decode() if key else "",
        f"{SECRET}_TOKEN": options.get("token", ""),
        f"{SECRET}_PASSWORD": options.get("password", ""),
        "TICKHOUSE_QUERY_TAG": options["session_parameters"]["QUERY_TAG"],
    }
