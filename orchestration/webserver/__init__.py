"""Dagster's webserver with a guard before it: who may ask it what."""
