"""What dbt is told of the account: the same one, the same proof of who we are, the same tag."""

import base64

from ingest.core.settings import Settings
from ingest.warehouse.snowflake.session import session_options

SECRET = "DBT_ENV_SECRET_SNOWFLAKE"  # noqa: S105  (how a name begins)
PLAIN = (
    *("account", "user", "role", "warehouse", "database", "host", "port", "protocol"),
    "workload_identity_provider",
)


def dbt_variables(settings: Settings, run_id: str | None) -> dict[str, str]:
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
