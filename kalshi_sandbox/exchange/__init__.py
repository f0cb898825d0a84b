"""Kalshi's exchange, simulated: rules and state that are told the time, and a thin network edge."""
