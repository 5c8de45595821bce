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

publish = typer.Typer(help="Publish a feed to Kafka.", no_args_is_help=True)
publish.command()(simulated)
publish.command()(binance)
publish.command()(coinbase)
publish.command()(kraken)
publish.command()(polls)
publish.command()(backfill)
publish.command()(capture)
publish.command()(ohlcv)
publish.command()(l2)
publish.command()(samples)
publish.command()(ticks)
publish.command()(cdc)
