"""Who is told of failures and price alerts."""
