"""The venue: matching, accounts, settlement, without any wire."""
