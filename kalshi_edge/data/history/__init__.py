"""The project's own point-in-time history: what was known, and from when on.

One folder per city, one file per month, one event per line; the layout is in
docs/reference/history.md.
"""
