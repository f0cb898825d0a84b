"""Our account at the exchange: what it says of it, asked for and read."""
