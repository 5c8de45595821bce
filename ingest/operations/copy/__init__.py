"""Moving house: raw and positions from one warehouse to another."""
