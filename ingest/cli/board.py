"""`tickhouse board`: the market as it is in the warehouse, in a browser."""

import typer

from ingest.cli.options import Port

PORT = 9464


def board(port: Port = PORT) -> None:
    """Serve the board until Ctrl-C: candles, VWAP, book, tape, gaps and the topics' health; also /metrics.

    It looks at the warehouse once a second for all viewers, in short turns, as long as somebody looks on;
    while the file is busy it shows what it saw last, and how old that is. An address can be shared:

        http://127.0.0.1:9464/?venue=binance&symbol=BTCUSDT&width=1m
    """
    from ingest.board.application import board as application
    from ingest.core.settings import load_settings
    from ingest.services import ports, web_server

    ports.require_free(port)
    typer.echo(f"The board is at http://{ports.LOOPBACK}:{port}; Ctrl-C ends.")
    web_server.serve(application(load_settings()), port)
