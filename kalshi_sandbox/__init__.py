"""A made-up world behind the real protocols: for demonstrations and tests, never for evidence."""
