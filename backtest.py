"""Play history through the trading loop: the same as ``kalshi-edge backtest``."""

import sys

from kalshi_edge.cli.main import main

if __name__ == "__main__":
    main(["backtest"] + sys.argv[1:])  # noqa: RUF005 - old Pythons must read this
