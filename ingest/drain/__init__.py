"""From the log to raw tables, exactly once; and landing once more what raw lacks."""
