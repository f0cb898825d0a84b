"""A SYNTHETIC past of five cities written down, against living through its days.

Goal: ten years a minute on one core.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from kalshi_edge.data.weather.stations import station_of
from kalshi_sandbox.exchange.venue.exchange import new_exchange
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.past.past import Stretch, write_past
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World

CITIES = ("NYC", "LA", "MIA", "CHI", "PHX")
LAST = date(2027, 4, 11)
YEARS = 2
LIVED_DAYS = 2
MINUTE_S, YEAR_DAYS = 60, 365


def lived_years_a_minute() -> float:
    world = World(1)
    nature = WorldNature(world, Newsroom(world, Faults()))
    start_at = datetime(2027, 4, 8, 16, tzinfo=UTC)
    stations = [station_of(city) for city in CITIES]
    exchange = new_exchange(nature, stations, start_at, seed=1, habits=Habits())
    begun_s = process_time()
    exchange.venue.advance(start_at + timedelta(days=LIVED_DAYS))
    return MINUTE_S / (process_time() - begun_s) * LIVED_DAYS / YEAR_DAYS


def main() -> None:
    lived = lived_years_a_minute()
    stretch = Stretch(CITIES, LAST - timedelta(days=YEARS * YEAR_DAYS - 1), LAST)
    with TemporaryDirectory() as folder:
        begun_s, begun_cpu_s = perf_counter(), process_time()
        records = write_past(Path(folder), 1, stretch)
        took_s, busy_s = perf_counter() - begun_s, process_time() - begun_cpu_s
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.jsonl"))
    written = MINUTE_S / busy_s * YEARS
    print(f"lived through (baseline)  {lived:8.3f} years a minute of the processor")
    print(f"written down              {written:8.1f} years a minute, "
          f"{written / lived:,.0f} × as fast (goal: 10 years)")  # fmt: skip
    print(f"{records:,} records, {size / 1e6:.0f} MB, {took_s:.1f} s by the clock on the wall")


if __name__ == "__main__":
    main()
