"""When news is due: bulletins, hourly reports of the stations, climate reports.

Whoever reads first what a release says takes the quotes of whoever has not. So no quote rests from
a margin before a release may be out until we have it, or until it is so late that nobody waits any
more. One table says of every source when that is; a quote's expiry at the exchange is the beginning
of the next window of its ladder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from kalshi_edge.domain.weather import Station
from kalshi_edge.trading.state import WorldState
from kalshi_edge.units import DAY, HOUR, MINUTE


class Source(StrEnum):
    """What is released."""

    NBP = "NBP"
    NBS = "NBS"
    METAR = "METAR"
    CLI = "CLI"


@dataclass(frozen=True, slots=True)
class Release:
    """One source's clock. Times are UTC, of CLI local standard time."""

    source: Source
    due: tuple[time, ...]
    """Of a bulletin the run; of a report what it reaches up to."""
    first: timedelta
    """After ``due``: the earliest that anybody has seen one."""
    overdue: timedelta
    """After ``due``: 95 of 100 have come by then, and nobody waits for the others."""
    margin: timedelta
    """Before ``first``, for clocks that differ and a cancellation that takes its time."""
    begins: timedelta | None = None
    """Since the climate day's beginning; before that it says nothing about the day."""
    ends: timedelta | None = None
    """Since the climate day's beginning; later ones are about the days that follow."""


RELEASES = (
    # Runs on the model's own server after 41 minutes at the earliest, 95 of 100 in the public
    # bucket within 108. The last that holds a day is that of 07 UTC, the bridge that of 12 UTC.
    Release(
        Source.NBP,
        due=tuple(time(hour) for hour in (0, 1, 7, 12, 13, 19)),
        first=timedelta(minutes=40),
        overdue=timedelta(minutes=110),
        margin=2 * MINUTE,
        ends=timedelta(hours=12),
    ),
    Release(
        Source.NBS,
        due=(time(12),),
        first=timedelta(minutes=40),
        overdue=timedelta(minutes=110),
        margin=2 * MINUTE,
        begins=timedelta(),
    ),
    # Made at 51 to 54 minutes past the hour, seen a minute or two later; the weather service's own
    # interface trails by up to 20 minutes.
    Release(
        Source.METAR,
        due=tuple(time(hour, 50) for hour in range(24)),
        first=MINUTE,
        overdue=timedelta(minutes=20),
        margin=MINUTE,
        begins=timedelta(),
    ),
    # The afternoon's report, of four o'clock in local time, standard or daylight: issued 23 to 43
    # minutes after it.
    Release(
        Source.CLI,
        due=(time(15), time(16)),
        first=timedelta(minutes=20),
        overdue=timedelta(minutes=50),
        margin=2 * MINUTE,
        begins=timedelta(hours=12),
    ),
)
"""All that quotes make way for."""


@dataclass(frozen=True, slots=True)
class Window:
    """No quote rests from ``from_at`` to ``until_at``, or until the release is here."""

    source: Source
    due_at: datetime
    from_at: datetime
    until_at: datetime

    def __str__(self) -> str:
        return f"{self.source} of {self.due_at:%H:%M}Z due"


def release_due(
    state: WorldState,
    station: Station,
    climate_day: date,
    at: datetime,
    read_at: datetime | None = None,
) -> Window | None:
    """The window that keeps a ladder's quotes out of the book at ``at``; ``None`` where none does.

    One whose release has been received is over; ``read_at`` is the station's newest reading.
    """
    offset_h = station.standard_offset_h
    for day in (at.date(), at.date() - DAY):
        for window in windows(offset_h, climate_day, day):
            is_in_force = window.from_at <= at < window.until_at
            if is_in_force and not _is_here(state, station, climate_day, window, read_at):
                return window
    return None


def next_release_at(station: Station, climate_day: date, at: datetime) -> datetime | None:
    """When the next window of a ladder begins after ``at``; ``None`` where none does in a day."""
    offset_h, days = station.standard_offset_h, (at.date() - DAY, at.date(), at.date() + DAY)
    ahead = (one.from_at for day in days for one in windows(offset_h, climate_day, day))
    return min((from_at for from_at in ahead if from_at > at), default=None)


@lru_cache(maxsize=512)
def windows(standard_offset_h: int, climate_day: date, around: date) -> tuple[Window, ...]:
    """The windows of a ladder whose releases are due on the UTC day ``around``, by source.

    Hours from UTC in local standard time say which station's day it is.
    """
    midnight = datetime.combine(climate_day, time(), tzinfo=UTC)
    start_at = midnight - standard_offset_h * HOUR
    return tuple(_windows(standard_offset_h, start_at, around))


def _windows(standard_offset_h: int, start_at: datetime, around: date) -> Iterator[Window]:
    for release in RELEASES:
        for clock in release.due:
            due_at = datetime.combine(around, clock, tzinfo=UTC)
            if release.source is Source.CLI:
                due_at -= standard_offset_h * HOUR
            since = due_at - start_at
            if release.begins is not None and since < release.begins:
                continue
            if since > (DAY if release.ends is None else release.ends):
                continue
            from_at = due_at + release.first - release.margin
            yield Window(release.source, due_at, from_at, due_at + release.overdue)


def _is_here(
    state: WorldState,
    station: Station,
    climate_day: date,
    window: Window,
    read_at: datetime | None,
) -> bool:
    match window.source:
        case Source.NBP | Source.NBS:
            known = state.forecasts_of(station, climate_day).get(window.source.value)
            return known is not None and known.run_at >= window.due_at
        case Source.METAR:
            return read_at is not None and read_at >= window.due_at
        case Source.CLI:
            return False
