"""The past of one seed: every record of any day and city, and the history that they make.

A day's records depend on seed, city and day alone: in whatever stretch they are asked for, they
are the same, and the world that lives on after them is the one they were taken from.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TypeAlias

import orjson

from kalshi_edge.data.history.origin import claim
from kalshi_edge.data.history.records import (
    Record,
    cities_in,
    merge_events,
    month_of,
    write_atomically,
)
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import HistoryError
from kalshi_edge.execution.simulator import settle
from kalshi_sandbox.exchange.venue.beliefs import Oracle
from kalshi_sandbox.exchange.venue.market_makers import Habits
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.past.books import Quoting
from kalshi_sandbox.past.forecasts import forecasts
from kalshi_sandbox.past.hours import quoted_at
from kalshi_sandbox.past.ladders import Listing, settled_at
from kalshi_sandbox.past.reports import maxima, reports
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World

Month: TypeAlias = tuple[int, int]
"""Year and month."""

FIRST_DAY = date(1970, 1, 3)
"""Publication times are drawn by Unix time, which is not negative."""
_FILE = "past.json"
_SPAN = timedelta(days=2)
"""What is known of a day is received from the day before it to the day after it, UTC."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which days of whom; both ends included."""

    cities: tuple[str, ...]
    first_day: date
    last_day: date
    reports_before: int = 0
    """Days before the first of which only the final climate reports are kept: a climatology."""

    def __post_init__(self) -> None:
        if self.first_day > self.last_day:
            raise HistoryError(f"nothing between {self.first_day} and {self.last_day}")
        begun = self.first_day - timedelta(days=self.reports_before)
        if begun < FIRST_DAY:
            raise HistoryError(f"the past begins on {FIRST_DAY}, not on {begun}")

    @property
    def days(self) -> Iterator[date]:
        """Its climate days, those with reports only first."""
        count = (self.last_day - self.first_day).days + 1
        return (
            self.first_day + timedelta(days=step) for step in range(-self.reports_before, count)
        )


@dataclass(slots=True)
class Past:
    """Everything that could have been known of the days of one world."""

    world: World
    habits: Habits = field(default_factory=Habits)
    _newsroom: Newsroom = field(init=False)
    _nature: WorldNature = field(init=False)
    _listing: Listing = field(init=False)

    def __post_init__(self) -> None:
        self._newsroom = Newsroom(self.world, Faults())
        self._nature = WorldNature(self.world, self._newsroom)
        self._listing = Listing(self._nature)

    def day(self, station: Station, day: date) -> list[Record]:
        """The records of one climate day, those of one kind in the order of time."""
        instants = quoted_at(day)
        ladder = self._listing.ladder(station, day)
        bins = tuple(market.bin for market in ladder.markets)
        oracle = Oracle(self._nature, station, day, bins)
        quoting = Quoting(self.world, ladder, oracle, self.habits)
        floor, final = reports(self._newsroom, station, day)
        assert final.high_f is not None  # the past's reports lack nothing
        return [
            ladder,
            *forecasts(self.world, station, day, instants),
            *quoting.books(instants),
            *maxima(self.world, station, day),
            floor,
            final,
            *settle(ladder, final.high_f, settled_at(final.valid_at)),
        ]

    def report(self, station: Station, day: date) -> list[Record]:
        """Of one climate day the final report alone."""
        return [one for one in reports(self._newsroom, station, day) if one.is_final]


def write_past(
    folder: Path, seed: int, stretch: Stretch, watch: Callable[[date], None] = lambda _: None
) -> int:
    """Put the past of ``seed`` into the history in ``folder``; how many records it is.

    ``watch`` is told of every day that is done. Raises ``HistoryError`` where something else lies
    in the folder, be it the past of another seed.
    """
    _claim(folder, seed)
    with _no_garbage():
        return _write_days(folder, Past(World(seed)), stretch, watch)


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Spare the garbage collector, an eighth of the time: records have no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _write_days(folder: Path, past: Past, stretch: Stretch, watch: Callable[[date], None]) -> int:
    count, stations = 0, [station_of(city) for city in stretch.cities]
    waiting: dict[tuple[Month, str], list[Record]] = defaultdict(list)
    for day in stretch.days:
        for station in stations:
            whole = day >= stretch.first_day
            for record in past.day(station, day) if whole else past.report(station, day):
                waiting[month_of(record), station.city].append(record)
        done = day - _SPAN
        count += _write(folder, waiting, before=(done.year, done.month))
        watch(day)
    return count + _write(folder, waiting)


def _write(
    folder: Path,
    waiting: dict[tuple[Month, str], list[Record]],
    before: Month = (date.max.year, 12),
) -> int:
    """Write the months to which nothing comes any more: those ``before`` one. Each file once."""
    count = 0
    for key in [key for key in waiting if key[0] < before]:
        records = waiting.pop(key)
        merge_events(folder, records)
        count += len(records)
    return count


def _claim(folder: Path, seed: int) -> None:
    """Note whose past it is, before the first record."""
    path = folder / _FILE
    known = orjson.loads(path.read_bytes()) if path.exists() else None
    if known is not None and known != {"seed": seed}:
        raise HistoryError(
            f"{folder} holds the past of another world ({known}), not of seed {seed}"
        )
    if known is None and cities_in(folder):
        raise HistoryError(
            f"{folder} holds a history already: a past goes into a folder of its own"
        )
    claim(folder, synthetic=True)
    write_atomically(path, orjson.dumps({"seed": seed}) + b"\n")
