"""Kalshi's WebSocket protocol."""
