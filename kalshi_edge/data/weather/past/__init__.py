"""Archives of past weather: what was said and measured, and when it could have been known."""
