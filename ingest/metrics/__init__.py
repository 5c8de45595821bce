"""What Prometheus scrapes: how things stand, as numbers with names and units."""
