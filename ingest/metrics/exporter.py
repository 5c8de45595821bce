"""`/metrics`: a page that Prometheus scrapes, and the small server that has nothing but it.

Prometheus ─▶ GET /metrics ─▶ Reader ─▶ families ─▶ text, or OpenMetrics if it is asked for
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.core.settings import Settings
from ingest.metrics.families import families
from ingest.metrics.reading import Reader

PATH = "/metrics"


class _Page(Collector):
    """What one scrape is answered with."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def collect(self) -> Iterator[Metric]:
        reading = self._reader.read()
        up = "Whether the warehouse could be read since the exporter started: 1 or 0."
        yield GaugeMetricFamily("tickhouse_warehouse_up", up, value=0 if reading is None else 1)
        if reading is not None:
            yield from families(reading)


def metrics_route(settings: Settings) -> Route:
    """For any application of Starlette."""
    page = CollectorRegistry(auto_describe=False)
    page.register(_Page(Reader(settings)))

    async def answer(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        # A look waits for the file; meanwhile the server answers others.
        return Response(await run_in_threadpool(encode, page), media_type=content_type)

    return Route(PATH, answer)


def exporter(settings: Settings) -> Starlette:
    """Only the metrics."""
    return Starlette(routes=[metrics_route(settings)])
