"""Every setting, in one class, read from the environment or `.env` in one place.

    environment ─▶ .env ─▶ defaults

Names are those of the variables (`.env.example` lists them). Secrets are `SecretStr`: they print as
`**********` wherever a Settings object, a log line or an error shows them.
"""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingest.core.env_file import without_effect
from ingest.core.errors import SettingsInvalid

log = logging.getLogger(__name__)

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEFAULT_HOME = PROJECT_ROOT / "data"


class Settings(BaseSettings):
    """What can be set. Each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    tickhouse_home: Path = Field(default=DEFAULT_HOME, description="Holds everything that is generated.")
    warehouse: str = Field(
        default="duckdb", description="Where the data lands: duckdb, snowflake, or the module of an engine."
    )

    kafka_bootstrap_servers: str | None = Field(
        default=None, description="host:port[,host:port] of your cluster; unset: the embedded broker."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = "PLAIN"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_sasl_token_path: Path | None = Field(
        default=None, description="OAUTHBEARER: a file that somebody keeps fresh and that holds the token."
    )
    kafka_sasl_token_from: str | None = Field(
        default=None,
        description="OAUTHBEARER: module:function, which returns a token and when it expires, in epoch ms.",
    )
    kafka_ssl_cafile: Path | None = None
    kafka_ssl_certfile: Path | None = None
    kafka_ssl_keyfile: Path | None = None
    kafka_ssl_key_password: SecretStr | None = None
    kafka_client: Literal["kafka-python", "confluent"] = Field(
        default="kafka-python", description="`confluent` publishes faster and wants the extra `fast`."
    )
    embedded_kafka_port: int = Field(
        default=19092, description="Where the embedded broker listens, if it is free."
    )

    postgres_url: SecretStr | None = Field(
        default=None, description="postgresql://user:password@host:port/name; unset: the embedded one."
    )
    captured_venue: str = Field(
        default="binance",
        description="The venue of the captured tables' rows; `up` says `simulated` of its own.",
    )

    sinks: str = Field(
        default="", description="Stores that hold what the marts hold: `postgres,redis`; unset: none."
    )
    sink_postgres_url: SecretStr | None = Field(
        default=None, description="postgresql://user:password@host:port/name; unset: the embedded one."
    )
    sink_redis_url: SecretStr | None = Field(
        default=None, description="redis://user:password@host:port/0; unset: the embedded one."
    )
    sink_redis_bars: str | None = Field(
        default=None,
        description="venue:symbol of the replayed bars that Redis also holds as `vwap:2017-08-17 04:05:00`.",
    )

    snowflake_account: str | None = Field(default=None, description="As in your account's URL: org-account.")
    snowflake_user: str | None = None
    snowflake_role: str | None = None
    snowflake_warehouse: str | None = Field(default=None, description="The virtual warehouse that computes.")
    snowflake_database: str | None = None
    snowflake_private_key_path: Path | None = Field(default=None, description="Key pair: a PEM file.")
    snowflake_private_key: SecretStr | None = Field(default=None, description="Key pair: the PEM itself.")
    snowflake_private_key_passphrase: SecretStr | None = None
    snowflake_token: SecretStr | None = Field(
        default=None, description="Instead of a key: an access token, or as SNOWFLAKE_AUTHENTICATOR says."
    )
    snowflake_token_path: Path | None = Field(
        default=None,
        description="A file that somebody keeps fresh and that holds the token: read anew at each login.",
    )
    snowflake_authenticator: Literal["token", "oauth", "workload_identity"] = Field(
        default="token", description="What SNOWFLAKE_TOKEN is; workload_identity needs none on a cloud."
    )
    snowflake_workload_identity_provider: Literal["AWS", "AZURE", "GCP", "OIDC"] | None = None
    snowflake_password: SecretStr | None = Field(default=None, description="Trial accounts only.")
    snowflake_host: str | None = Field(default=None, description="Where the account answers, if elsewhere.")
    snowflake_port: int | None = None
    snowflake_protocol: Literal["http", "https"] | None = None

    micro_batch_max_seconds: float = Field(
        default=900, ge=0, description="A micro-batch run hands over by then; 0: one run per batch."
    )
    micro_batch_idle_seconds: float = Field(
        default=60, gt=0, description="It ends when nothing came for so long."
    )

    micro_batch_turn_seconds: float | None = Field(
        default=None,
        ge=0,
        description="A run drains and builds at most this often; unset: each second, on Snowflake each 60: "
        "that keeps its smallest warehouse awake while messages come, and costs nothing while none do. 0: as "
        "soon as something comes, which costs a core and brings prices sooner.",
    )
    cadence_live_seconds: float | None = Field(
        default=None, ge=0, description="How often live models are built; unset: with each turn."
    )
    cadence_minute_seconds: float | None = Field(
        default=None, ge=0, description="Those of cadence `minute`; unset: 60, on Snowflake 300."
    )
    cadence_hour_seconds: float | None = Field(
        default=None, ge=0, description="Those of cadence `hour`; unset: 3600."
    )
    cadence_day_seconds: float | None = Field(
        default=None, ge=0, description="Those of cadence `day`; unset: 86400."
    )
    snowflake_turn_expires_seconds: float = Field(
        default=3600,
        gt=0,
        description="A run that builds keeps others out for so long, if it was killed and nobody here knows "
        "of it: longer than your longest build.",
    )

    binance_stream_url: str = Field(
        default="wss://stream.binance.com:9443", description="Binance spot's WebSocket streams."
    )
    binance_rest_url: str = Field(default="https://api.binance.com", description="Binance spot's REST.")
    binance_usdm_stream_url: str = Field(
        default="wss://fstream.binance.com", description="The streams of Binance's USD-M futures."
    )
    binance_usdm_rest_url: str = Field(
        default="https://fapi.binance.com", description="The REST of Binance's USD-M futures."
    )
    binance_symbols: str = Field(
        default="BTCUSDT,ETHUSDT", description="Whose books, trades and candles are polled in Dagster."
    )
    binance_poll_cron: str = Field(default="0 * * * *", description="When Binance is polled, in UTC.")
    binance_candles_cron: str = Field(
        default="0 0-20/5 * * *; 40 1-21/5 * * *; 20 3-23/5 * * *",
        description="When its candles are: every 6,000 s. Several cron lines have a semicolon between them.",
    )
    fill_gaps_cron: str = Field(default="*/10 * * * *", description="When holes in its feeds are filled.")
    binance_api_key: SecretStr | None = Field(
        default=None, description="Futures want one when a hole in their trades is filled."
    )
    coinbase_stream_url: str = Field(
        default="wss://ws-feed.exchange.coinbase.com", description="Coinbase Exchange's WebSocket feed."
    )
    kraken_stream_url: str = Field(default="wss://ws.kraken.com/v2", description="Kraken's WebSocket feed.")

    ui_host: str = Field(
        default="127.0.0.1",
        description="Where the UI of `tickhouse up` listens; any other address wants UI_PASSWORD.",
    )
    ui_allowed_hosts: str = Field(
        default="", description="Names besides localhost that the UI answers to, with commas between them."
    )
    ui_password: SecretStr | None = Field(default=None, description="Without it nobody sees the UI.")
    ui_report_token: SecretStr | None = Field(
        default=None, description="Lets programs report events to /report_asset_*; unset: nobody may."
    )

    snapshot_cron: str = Field(default="17 * * * *", description="When a snapshot is made, in UTC.")

    tickhouse_notify_webhook: SecretStr | None = Field(
        default=None, description="POST failures here as JSON."
    )

    @field_validator("tickhouse_home", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return absolute_home(value)

    @property
    def bootstrap_servers(self) -> str:
        """The cluster to talk to: yours, or the embedded broker at the port it last took."""
        if self.kafka_bootstrap_servers:
            return self.kafka_bootstrap_servers
        taken = self.kafka_home / "port"
        port = taken.read_text().strip() if taken.exists() else str(self.embedded_kafka_port)
        return f"127.0.0.1:{port}"

    @property
    def sink_names(self) -> tuple[str, ...]:
        """The configured sinks, each once."""
        return tuple(dict.fromkeys(name.strip() for name in self.sinks.split(",") if name.strip()))

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file, where DuckDB is the warehouse."""
        return self.tickhouse_home / "warehouse.duckdb"

    @property
    def dagster_home(self) -> Path:
        return self.tickhouse_home / "dagster"

    @property
    def kafka_home(self) -> Path:
        return self.tickhouse_home / "kafka"

    @property
    def broker_pid_file(self) -> Path:
        """The embedded broker holds it for as long as it lives."""
        return self.kafka_home / "broker.pid"

    @property
    def postgres_home(self) -> Path:
        return self.tickhouse_home / "postgres"

    @property
    def redis_home(self) -> Path:
        return self.tickhouse_home / "redis"

    @property
    def connect_home(self) -> Path:
        return self.tickhouse_home / "connect"


def absolute_home(value: str | Path | None) -> Path:
    """TICKHOUSE_HOME as it is set: a relative one is in the checkout."""
    path = Path(value or DEFAULT_HOME).expanduser()
    return path if path.is_absolute() else (PROJECT_ROOT / path).resolve()


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process, read once."""
    names = {name.upper() for name in Settings.model_fields}
    for warning in without_effect(PROJECT_ROOT / ".env", names):
        log.warning(warning)
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise SettingsInvalid(f"In the environment or in .env: {'; '.join(faults)}") from None
