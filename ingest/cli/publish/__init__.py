"""`tickhouse publish …`: fill the topics from a feed; each feed is a command of its own."""

import typer

from ingest.cli.publish.binance import binance
from ingest.cli.publish.capture import capture
from ingest.cli.publish.cdc import cdc
from ingest.cli.publish.csv_files import l2, ohlcv
from ingest.cli.publish.other_venues import coinbase, kraken
from ingest.cli.publish.polls import backfill, polls
from ingest.cli.publish.samples import samples
from ingest.cli.publish.simulated import simulated
from ingest.cli.publish.ticks import ticks
from ingest.cli.spellings import Command

publish = typer.Typer(help="Publish a feed to Kafka.", no_args_is_help=True)
for feed in (simulated, binance, coinbase, kraken, polls, backfill, capture, ohlcv, l2, samples, ticks, cdc):
    publish.command(cls=Command)(feed)
