"""Trade: the same as ``kalshi-edge run``."""

import sys

from kalshi_edge.cli.main import main

if __name__ == "__main__":
    main(["run"] + sys.argv[1:])  # noqa: RUF005 - old Pythons must read this
