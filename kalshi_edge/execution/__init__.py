"""Approved orders sent, or simulated against the book."""
