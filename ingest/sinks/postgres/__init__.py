"""PostgreSQL as a sink."""

from ingest.core.errors import SettingsInvalid

try:
    import psycopg  # noqa: F401  (said here, before anything else needs it)
except ImportError as missing:
    raise SettingsInvalid("The sink `postgres` needs the extra `sinks`: run `make install`.") from missing
