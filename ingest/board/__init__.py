"""The board: one page that shows the market as it is in the warehouse, and how old it is."""
