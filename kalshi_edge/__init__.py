"""An honest autonomous trader for Kalshi's daily-high-temperature markets.

Every entry imports this file first, so an old Python is refused here, in words that it can read.
"""

import sys

__version__ = "0.1.0"

if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an old one should read why
    # No f-string: the oldest of Pythons must be able to read this file.
    found = ".".join(str(number) for number in sys.version_info[:2])
    sys.stderr.write("error: Python 3.11 or newer is needed; this is " + found + "\n")
    sys.exit(2)
