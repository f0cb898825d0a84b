"""Kalshi's API qualification sample, in the demo environment: as ``kalshi-edge sample``."""

import sys

from kalshi_edge.cli.main import main

if __name__ == "__main__":
    main(["sample"] + sys.argv[1:])  # noqa: RUF005 - old Pythons must read this
