"""What exists: frozen values with their invariants, no behaviour that needs the outside world."""
