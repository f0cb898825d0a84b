"""The edges that fetch weather: each source is asked, answers with events, and says how it is."""
