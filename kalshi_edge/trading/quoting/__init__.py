"""Entries that are posted and wait to be taken: what is quoted, at which price, until when."""
