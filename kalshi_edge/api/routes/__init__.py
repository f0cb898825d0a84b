"""The paths, each a few lines: what is asked, and which view answers it."""
