"""Stores behind the Store port, and the codec they share."""
