"""Where messages land. `protocol.py` says what a warehouse must do; one file per warehouse does it."""
