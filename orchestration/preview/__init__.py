"""How tables look in the UI: rows and pictures."""
