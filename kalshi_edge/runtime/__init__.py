"""A trader that runs: its environment, its parts, its tasks."""
