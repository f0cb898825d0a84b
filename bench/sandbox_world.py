"""The sandbox's weather: simulated station-years a second, and a bulk file against copying one.

Goals: 20 years of 24 stations compared with their tables in 10 s; an NBP file in 0.3 s.
"""

from datetime import UTC, date, datetime
from time import perf_counter

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_sandbox.statistics import world_statistics
from kalshi_sandbox.weather.nbm_files import nbm_file
from kalshi_sandbox.weather.nbm_layout import layout
from kalshi_sandbox.world.days import days_of_year
from kalshi_sandbox.world.forecasts import errors_of_month
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import World

YEARS = range(2001, 2011)
RUN_AT = datetime(2026, 11, 22, 13, tzinfo=UTC)


def main() -> None:
    days_of_year(1, 2000)
    start = perf_counter()
    years = [days_of_year(1, year) for year in YEARS]
    highs = perf_counter() - start
    start = perf_counter()
    for number, year in zip(YEARS, years, strict=True):
        for month in range(1, 13):
            errors_of_month(1, date(number, month, 1), year)
    forecasts = perf_counter() - start
    world = World(1)
    start = perf_counter()
    for station in STATIONS:
        world.low_f(station, date(2026, 7, 1))
    courses = perf_counter() - start
    count = len(YEARS) * len(STATIONS)
    print(f"highs of a station-year                {highs / count * 1e3:8.3f} ms")
    print(f"forecast errors of a station-year      {forecasts / count * 1e3:8.3f} ms, "
          f"{forecasts / highs:.0f} × the highs")  # fmt: skip
    print(f"five-minute course of a station-year   {courses / len(STATIONS) * 1e3:8.3f} ms")
    print(f"station-years a second, with forecasts {count / (highs + forecasts):8,.0f}")

    start = perf_counter()
    world_statistics(1, years=20)
    print(f"20 years against their tables          {perf_counter() - start:8.2f} s (goal: 10)")

    columns = layout(Model.NBP, RUN_AT)
    start = perf_counter()
    nbm_file(world, columns)
    first = perf_counter() - start
    start = perf_counter()
    file = nbm_file(world, columns)
    again = perf_counter() - start
    start = perf_counter()
    text = file.read(0, len(file))
    copied = perf_counter() - start
    start = perf_counter()
    for place in range(0, len(file), len(file) // 100):
        file.read(place, place + 131_072)
    ranged = (perf_counter() - start) / 100
    print(f"NBP file of {len(text):,} bytes, first     {first:8.3f} s (goal: 0.3)")
    print(f"again                                  {again:8.3f} s, "
          f"{again / copied:.1f} × copying its bytes")  # fmt: skip
    print(f"a range of 128 KB                      {ranged * 1e3:8.3f} ms")


if __name__ == "__main__":
    main()
