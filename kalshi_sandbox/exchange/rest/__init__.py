"""Kalshi's REST protocol."""
