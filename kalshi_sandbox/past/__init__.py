"""A SYNTHETIC past: what an exchange and weather offices would have left, without living it."""
