"""What we hold and how it went: a fold over fills and settlements."""
