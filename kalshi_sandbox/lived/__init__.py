"""Days lived through in one process: world, exchange and the trading loop, without a socket."""
