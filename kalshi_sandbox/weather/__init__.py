"""Weather offices over the real formats and paths, telling of a made-up world."""
