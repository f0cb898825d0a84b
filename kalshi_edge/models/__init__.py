"""What we believe about tomorrow: pure functions of numbers."""
