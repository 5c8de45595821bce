"""`tickhouse metrics`: `/metrics` for Prometheus, and nothing else."""

import typer

from ingest.cli.options import Port

PORT = 9464


def metrics(port: Port = PORT) -> None:
    """Serve /metrics for Prometheus until Ctrl-C; `tickhouse board` has the same page.

    Per topic: end, landed, lag, newest message, rejected, lost; models behind; latency; disk. A scrape takes
    a turn at the warehouse, of two seconds at most; while there is none, it is answered with the last values
    and their age.

        scrape_configs: [{job_name: tickhouse, static_configs: [{targets: ["127.0.0.1:9464"]}]}]
    """
    from ingest.core.settings import load_settings
    from ingest.metrics.exporter import PATH, exporter
    from ingest.services import ports, web_server

    ports.require_free(port)
    typer.echo(f"The metrics are at http://{ports.LOOPBACK}:{port}{PATH}; Ctrl-C ends.")
    web_server.serve(exporter(load_settings()), port)
