"""How well the day's maximum is known hour by hour, SYNTHETIC: forecast alone, cut off, ours.

The sandbox's world makes the days; its reports go through the real parser. Lower is better. It says
whether the model is put together rightly, never whether it is right about the real weather.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from statistics import fmean

from kalshi_edge.data.weather.metar import parse_metars
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import Observation, Station
from kalshi_edge.models.calibration import uncalibrated
from kalshi_edge.models.distribution import Distribution, Normal, in_degrees, weighted
from kalshi_edge.models.observed import Evidence, evidence
from kalshi_edge.models.sameday import same_day
from kalshi_edge.models.temperature import daily_high
from kalshi_sandbox.weather.metar import metar, report_times
from kalshi_sandbox.world.publication import Model
from kalshi_sandbox.world.world import World

CITIES = ("NYC", "LA", "MIA", "CHI", "PHX")
HOURS = (1, 4, 8, 10, 12, 14, 16, 18, 21, 23)
FIRST_DAY = date(2027, 1, 3)


@dataclass(frozen=True)
class Score:
    """Mean log score (nats) and mean CRPS (°F) of one way to say it."""

    log_score: float
    crps_f: float


def cut_off(forecast: Normal, seen: Evidence) -> Distribution:
    """The usual shortcut: nothing below the highest reading, the rest scaled up."""
    floor_f = seen.floor_f()
    whole = in_degrees(forecast, up_to_f=(floor_f or -99) + 3)
    degrees = range(whole.first_f, whole.first_f + len(whole.probabilities))
    kept = [
        p if floor_f is None or f >= floor_f else 0.0
        for f, p in zip(degrees, whole.probabilities, strict=True)
    ]
    return weighted(whole.first_f, kept) if sum(kept) else whole


def score(said: list[tuple[Distribution, int]]) -> Score:
    logs = [-log(max(d.between(high - 0.5, high + 0.5), 1e-6)) for d, high in said]
    return Score(fmean(logs), fmean(crps_f(d, high) for d, high in said))


def crps_f(said: Distribution, high_f: int) -> float:
    degrees = range(high_f - 40, high_f + 41)
    return sum((said.cdf(f + 0.5) - (f >= high_f)) ** 2 for f in degrees)


def readings(world: World, station: Station, day: date) -> list[Observation]:
    """A day's METARs, each as received two minutes later."""
    found: list[Observation] = []
    for at in report_times(station, station.day_start(day), station.day_end(day)):
        received_at = at + timedelta(minutes=2)
        found += parse_metars(metar(world, station, at), received_at=received_at)[0]
    return found


def days(world: World, every: int) -> Iterator[tuple[Station, date, Normal]]:
    for city in CITIES:
        station = station_of(city)
        for step in range(0, 360, every):
            day = FIRST_DAY + timedelta(days=step)
            yield station, day, morning_forecast(world, station, day)


def morning_forecast(world: World, station: Station, day: date) -> Normal:
    run_at = station.day_start(day).replace(hour=7, minute=0)
    word = world.forecast(Model.NBP, station, day, run_at)
    return daily_high(word, uncalibrated(station.city, word))


def scores(every: int = 6) -> dict[int, dict[str, Score]]:
    world = World(1)
    said: dict[int, dict[str, list[tuple[Distribution, int]]]] = {
        hour: {"forecast": [], "cut off": [], "ours": []} for hour in HOURS
    }
    for station, day, forecast in days(world, every):
        high_f, seen_all = world.high_f(station, day), readings(world, station, day)
        for hour in HOURS:
            at = station.day_start(day) + timedelta(hours=hour)
            known = [one for one in seen_all if one.received_at <= at]
            seen = evidence(station, day, known)
            for name, distribution in (
                ("forecast", forecast),
                ("cut off", cut_off(forecast, seen)),
                ("ours", same_day(forecast, seen, station, day, at)),
            ):
                said[hour][name].append((distribution, high_f))
    return {hour: {n: score(pairs) for n, pairs in ways.items()} for hour, ways in said.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=6, help="take every so many days of a year")
    table = scores(parser.parse_args().every)
    print("SYNTHETIC · hour LST · log score (nats) and CRPS (°F): forecast, cut off, ours")
    for hour, ways in table.items():
        cells = "   ".join(f"{s.log_score:5.2f} {s.crps_f:5.2f}" for s in ways.values())
        print(f"{hour:4d}   {cells}")


if __name__ == "__main__":
    main()
