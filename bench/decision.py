"""One cycle's decisions with all models, against reading its journal line with plain ``json``.

Goals: five ladders under 5 ms, 24 cities under 60 ms. Quotes are SYNTHETIC.
"""

import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.data.weather.stations import STATIONS, station_of
from kalshi_edge.db.codec import to_json
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import NOW, book, forecast, ladder

FIVE = ("NYC", "LA", "MIA", "CHI", "PHX")
ASKS = ("0.07", "0.15", "0.18", "0.34", "0.24", "0.07")
"""Coherent, so that the posterior is made and shadows decide."""
DAY = date(2026, 11, 23)
ROUNDS = 100


def told_engine(cities: tuple[str, ...]) -> Engine:
    """An engine that knows a ladder of each city, its books and two models' forecasts."""
    stations = tuple(station_of(city) for city in cities)
    engine = Setup("bench", stations, ("NBP",), Decimal(1000), Playbook()).fresh_engine()
    for station in stations:
        listed = ladder(station.city, DAY, lowest=50)
        engine.handle(listed)
        for model, median_f in (("NBP", 53), ("GFSMOS", 54)):
            said = {10: median_f - 3, 50: median_f, 90: median_f + 3}
            engine.handle(forecast(said, station.city, DAY, model=model))
        for market, ask in zip(listed.markets, ASKS, strict=True):
            bid = Decimal(ask) - Decimal("0.02")
            engine.handle(book(market.ticker, [(bid, 100)], [(ask, 40)]))
    return engine


def timed(work: object) -> float:
    """Median seconds of ``work`` over many rounds."""
    seconds = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return median(seconds)


def measure(cities: tuple[str, ...], goal_ms: float) -> None:
    """Print what a cycle over ``cities`` takes."""
    engine = told_engine(cities)
    at = [NOW]

    def decide() -> None:
        at[0] += timedelta(microseconds=1)
        engine.handle(CycleDue(at[0]))

    verdicts = engine.handle(CycleDue(NOW))
    line = to_json(JournalEntry(1, NOW, (CycleDue(NOW),), verdicts))
    decided, baseline = timed(decide), timed(lambda: json.loads(line))
    print(f"{len(cities)} ladders, {len(verdicts) - 1} verdicts at first, {len(line):,} bytes")
    print(f"one cycle           {decided * 1e3:6.2f} ms (goal: under {goal_ms:g} ms)")
    print(f"json.loads of it    {baseline * 1e3:6.2f} ms, ratio {decided / baseline:.1f}")


def main() -> None:
    measure(FIVE, goal_ms=5)
    measure(tuple(station.city for station in STATIONS), goal_ms=60)


if __name__ == "__main__":
    main()
