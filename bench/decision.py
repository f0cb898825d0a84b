"""One cycle's decisions for five ladders, against reading its journal line with plain ``json``.

Goal: under 5 ms. Quotes are SYNTHETIC.
"""

import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import NOW, book, forecast, ladder

CITIES = ("NYC", "LA", "MIA", "CHI", "PHX")
DAY = date(2026, 11, 23)
ROUNDS = 300


def told_engine() -> Engine:
    """An engine that knows five ladders, their books and a forecast for each."""
    stations = tuple(station_of(city) for city in CITIES)
    engine = Setup("bench", stations, ("NBP",), Decimal(1000), Playbook()).fresh_engine()
    for station in stations:
        listed = ladder(station.city, DAY, lowest=50)
        engine.handle(listed)
        engine.handle(forecast({10: 50, 50: 53, 90: 56}, station.city, DAY))
        for market in listed.markets:
            engine.handle(book(market.ticker, [("0.14", 100)], [("0.18", 40)]))
    return engine


def timed(work: object) -> float:
    """Median seconds of ``work`` over many rounds."""
    seconds = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return median(seconds)


def main() -> None:
    engine = told_engine()
    at = [NOW]

    def decide() -> None:
        at[0] += timedelta(microseconds=1)
        engine.handle(CycleDue(at[0]))

    verdicts = engine.handle(CycleDue(NOW))
    line = to_json(JournalEntry(1, NOW, (CycleDue(NOW),), verdicts))
    decided, baseline = timed(decide), timed(lambda: json.loads(line))
    strategies = ", ".join(strategy.value for strategy in Strategy if strategy != Strategy.MANUAL)
    print(f"five ladders, {len(verdicts) - 1} opportunities ({strategies}), {len(line):,} bytes")
    print(f"one decision        {decided * 1e3:6.2f} ms (goal: under 5 ms)")
    print(f"json.loads of it    {baseline * 1e3:6.2f} ms, ratio {decided / baseline:.1f}")


if __name__ == "__main__":
    main()
