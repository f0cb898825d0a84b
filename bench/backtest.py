"""Two years of two cities through the trading loop, against only reading the same history.

Goal: under 10 s. Needs an imported history: HISTORY_DIR, or ``history`` here.
"""

import asyncio
import os
import sys
from collections import deque
from datetime import date
from pathlib import Path
from time import perf_counter

from kalshi_edge.backtest.run import Request, backtest, events
from kalshi_edge.trading.playbook import Playbook


def main() -> None:
    history = Path(os.environ.get("HISTORY_DIR", "history"))
    if not (history / "NYC").is_dir():
        print(f"skipped: no history in {history}; run kalshi-edge history import first")
        sys.exit(0)
    request = Request(
        history=history,
        cities=("NYC", "CHI"),
        first_day=date(2023, 1, 1),
        last_day=date(2024, 12, 31),
        playbook=Playbook(),
        models=("NBM", "GFSMOS"),
    )
    start = perf_counter()
    deque(events(request), maxlen=0)
    read = perf_counter() - start
    start = perf_counter()
    record = asyncio.run(backtest(request))
    played = perf_counter() - start
    print(f"{len(record.views):,} ladders, {len(record.trades):,} trades")
    print(f"backtest      {played:6.2f} s (goal: under 10 s)")
    print(f"only reading  {read:6.2f} s; backtest ÷ reading {played / read:.1f}")


if __name__ == "__main__":
    main()
