"""Services that Tickhouse brings along, so that a laptop with nothing but Python has a real Kafka broker."""
