"""The forecasters' fit of 24 cities and four years, against only reading the same history.

The archive's three cities with forecasts, eight times each. Goal: at most 60 s. Needs an imported
history: HISTORY_DIR, or ``history`` here.
"""

import os
import sys
from collections import deque
from pathlib import Path
from time import perf_counter

from kalshi_edge.backtest.walk_forward import walked
from kalshi_edge.data.history.records import read_city

CITIES = ("NYC", "CHI", "MIA") * 8
MODELS = ("NBM", "GFSMOS")


def main() -> None:
    history = Path(os.environ.get("HISTORY_DIR", "history"))
    if not (history / "NYC").is_dir():
        print(f"skipped: no history in {history}; run kalshi-edge history import first")
        sys.exit(0)
    start = perf_counter()
    for city in CITIES:
        deque(read_city(history, city), maxlen=0)
    read = perf_counter() - start
    start = perf_counter()
    days = sum(len(walked(history, city, MODELS).days) for city in CITIES)
    fitted = perf_counter() - start
    print(f"{len(CITIES)} cities, {days:,} days")
    print(f"fit           {fitted:6.2f} s (goal: at most 60 s)")
    print(f"only reading  {read:6.2f} s; fit ÷ reading {fitted / read:.1f}")


if __name__ == "__main__":
    main()
