"""Importing an archive of quotes, against only reading its rows as CSV.

The archive is SYNTHETIC: two years of ladders of six bins with made-up prices, in the columns of
docs/reference/history.md. Run: ``python bench/history_import.py``
"""

import csv
import gzip
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.data.history.import_archive import import_archive

DAYS = 730
FIRST = date(2023, 1, 1)
DAYS_HEAD = "city,date,obs_max_f,asof_utc,nbm_tmax_f,gfs_mos_f,nam_mos_f,gefs_mean_f,hrrr_f,rap_f"
QUOTES_HEAD = (
    "ticker,strike_type,lo_f,hi_f,snapshot_utc,yes_bid,yes_ask,open_interest,result,obs_max_f"
)


def synthetic_archive(folder: Path, dice: random.Random) -> int:
    """Write the two tables; the number of their rows."""
    days, quotes = [DAYS_HEAD], [QUOTES_HEAD]
    for number in range(DAYS):
        day, high = FIRST + timedelta(days=number), dice.randint(30, 90)
        forecasts = ",".join(f"{high + dice.randint(-4, 4)}.0" for _ in range(6))
        before = day - timedelta(days=1)
        days.append(f"NYC,{day},{high}.0,{before} 12:00:00+00:00,{forecasts}")
        quotes += ladder_rows(day, high, dice)
    for name, rows in (("city_days", days), ("market_quotes", quotes)):
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    return len(days) + len(quotes) - 2


def ladder_rows(day: date, high: int, dice: random.Random) -> list[str]:
    event = f"HIGHNY-{day:%y%b%d}".upper()
    base = high - dice.randint(0, 7)
    bins: list[tuple[str, str, int | None, int | None]] = [(f"T{base}", "less", None, base - 1)]
    bins += [(f"B{base + 2 * n}.5", "between", base + 2 * n, base + 2 * n + 1) for n in range(4)]
    bins.append((f"T{base + 7}", "greater", base + 8, None))
    rows = []
    for strike, kind, low, top in bins:
        bid, ask = dice.randint(0, 40), dice.randint(41, 100)
        paid = (low is None or high >= low) and (top is None or high <= top)
        bounds = f"{'' if low is None else low},{'' if top is None else top}"
        rows.append(
            f"{event}-{strike},{kind},{bounds},{day} 05:00:00 UTC,{bid}.0,{ask}.0,"
            f"{dice.randint(0, 900)}.0,{'yes' if paid else 'no'},{high}.0"
        )
    return rows


def only_reading(folder: Path) -> None:
    for path in folder.glob("*.csv.gz"):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            deque(csv.DictReader(file), maxlen=0)


def best_s(work: Callable[[], object], rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    with TemporaryDirectory() as name:
        source = Path(name, "archive")
        source.mkdir()
        rows = synthetic_archive(source, random.Random(20261129))
        targets = iter(range(1000))
        report = import_archive(source, Path(name, "checked"))
        assert report.records["NYC", "Ladder"] == DAYS, report
        assert report.records["NYC", "Book"] == 6 * DAYS, report
        imported = best_s(lambda: import_archive(source, Path(name, str(next(targets)))), 5)
        read = best_s(lambda: only_reading(source), 5)
    print(f"SYNTHETIC archive: {rows:,} rows")
    print(f"import        {rows / imported:9,.0f} rows/s")
    print(f"only reading  {rows / read:9,.0f} rows/s; import ÷ reading {imported / read:.1f}")


if __name__ == "__main__":
    main()
