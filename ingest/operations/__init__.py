"""What a person asks of a running instance."""
