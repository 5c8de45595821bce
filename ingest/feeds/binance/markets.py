"""Binance's two markets, as far as they differ."""

from dataclasses import dataclass

from pydantic import SecretStr

from ingest.core.settings import Settings
from ingest.feeds.binance.channels import FUTURES, SPOT


@dataclass(frozen=True, slots=True)
class Market:
    """Where to ask, and how much may be asked. The hosts differ by country, so they are settings."""

    venue: str
    stream_url: str
    stream_setting: str
    rest_url: str
    rest_setting: str
    api: str
    """The path that REST questions begin with."""
    weight_per_minute: int
    depth_weight: int
    """What a snapshot of 1,000 levels costs."""
    api_key: SecretStr | None = None
    """Futures want one for old trades; nothing else here does."""


def spot(settings: Settings) -> Market:
    return Market(
        SPOT,
        settings.binance_stream_url,
        "BINANCE_STREAM_URL",
        settings.binance_rest_url,
        "BINANCE_REST_URL",
        "/api/v3",
        weight_per_minute=6000,
        depth_weight=50,
        api_key=settings.binance_api_key,
    )


def futures(settings: Settings) -> Market:
    return Market(
        FUTURES,
        settings.binance_usdm_stream_url,
        "BINANCE_USDM_STREAM_URL",
        settings.binance_usdm_rest_url,
        "BINANCE_USDM_REST_URL",
        "/fapi/v1",
        weight_per_minute=2400,
        depth_weight=20,
        api_key=settings.binance_api_key,
    )


def market_of(settings: Settings, *, is_futures: bool) -> Market:
    """One of the two."""
    return futures(settings) if is_futures else spot(settings)
