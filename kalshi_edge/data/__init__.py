"""The outside world's formats: pure parsers, apart from the fetchers."""
