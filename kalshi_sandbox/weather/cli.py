"""Climate reports: the afternoon's, which is only a floor, and the night's, which settles."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np

from kalshi_edge.domain.weather import Station
from kalshi_edge.units import round_half_up
from kalshi_sandbox.weather.names import day_name, month_name
from kalshi_sandbox.weather.office_table import civil_time, office_of, short_name
from kalshi_sandbox.world.world import SLOT, World

_AS_OF_CIVIL_HOUR = 16
_INTERMEDIATE_LAG_MIN = (22, 50)
_FINAL_JITTER_MIN = (-22, 23)
_RECORD_YEARS = (1930, 2024)
_HEADINGS = """\
WEATHER ITEM   OBSERVED TIME   RECORD YEAR NORMAL DEPARTURE LAST
                VALUE   (LST)  VALUE       VALUE  FROM      YEAR
                                                  NORMAL"""
_LEGEND = """\
-  INDICATES NEGATIVE NUMBERS.
R  INDICATES RECORD WAS SET OR TIED.
MM INDICATES DATA IS MISSING.
T  INDICATES TRACE AMOUNT."""


def as_of(station: Station, day: date) -> datetime:
    """How far the intermediate report goes: 4 pm by the clock on the wall."""
    at = station.day_start(day) + timedelta(hours=_AS_OF_CIVIL_HOUR)
    wall, _ = civil_time(station, at)
    return at - timedelta(hours=wall.hour - _AS_OF_CIVIL_HOUR)


def intermediate_at(world: World, station: Station, day: date) -> datetime:
    """When the intermediate report of ``day`` is issued."""
    random = world.draws(f"intermediate report {station.icao}", day.toordinal())
    lag = int(random.integers(*_INTERMEDIATE_LAG_MIN))
    return as_of(station, day) + timedelta(minutes=lag)


def final_at(world: World, station: Station, day: date) -> datetime:
    """When the final report of ``day`` is issued."""
    random = world.draws(f"final report {station.icao}", day.toordinal())
    lag = office_of(station).final_lag_min + int(random.integers(*_FINAL_JITTER_MIN))
    return station.day_end(day) + timedelta(minutes=lag)


def climate_report(
    world: World,
    station: Station,
    day: date,
    issued_at: datetime,
    *,
    until: datetime | None = None,
    amendment: str = "",
    added_f: int = 0,
) -> str:
    """The report of ``day``, final or, with ``until``, of the day so far.

    ``amendment`` (``CCA``) marks a correction; ``added_f`` is added to the maximum.
    """
    office = office_of(station)
    wall, zone = civil_time(station, issued_at)
    clock = _clock(wall, has_colon=False)
    lines = [
        "000 ",
        f"CDUS4{office.region} K{office.identifier} {issued_at:%d%H%M} {amendment}".rstrip(),
        f"CLI{short_name(station)}",
        "",
        "CLIMATE REPORT" + (" ...CORRECTED" if amendment else ""),
        f"NATIONAL WEATHER SERVICE {office.signature}",
        f"{clock} {zone} {day_name(wall)[:3]} {month_name(wall)[:3]} {wall.day:02d} {wall.year}",
        "",
        "." * 35,
        "",
        f"...THE {office.headline} CLIMATE SUMMARY FOR {month_name(day)} {day.day} {day.year}...",
        *(["VALID TODAY AS OF 0400 PM LOCAL TIME."] if until is not None else []),
        "",
        "CLIMATE NORMAL PERIOD 1991 TO 2020",
        f"CLIMATE RECORD PERIOD {_RECORD_YEARS[0]} TO {day.year}",
        "",
        "",
        _HEADINGS,
        "." * 67,
        "TEMPERATURE (F)",
        " TODAY" if until is not None else " YESTERDAY",
        *_temperature_rows(world, station, day, until, added_f),
        "",
        "." * 58,
        "",
        "",
        *_normals(world, station, day if until is None else day + timedelta(days=1), until),
        "",
        "",
        _LEGEND,
        "",
        "$$",
    ]
    return "\n".join(lines) + "\n"


def extremes(
    world: World, station: Station, day: date, until: datetime | None = None
) -> tuple[tuple[int, datetime], tuple[int, datetime]]:
    """Maximum and minimum (°F) of a climate day so far, each with its last minute in UTC."""
    start = station.day_start(day)
    end = station.day_end(day) if until is None else until
    series = world.temperatures_f(station, start - SLOT, end - SLOT)
    result = []
    for value in (int(series.max()), int(series.min())):
        slot = int(np.flatnonzero(series == value)[-1])
        result.append((value, start + (slot + 1) * SLOT - timedelta(minutes=1)))
    return result[0], result[1]


def records_f(world: World, station: Station, day: date) -> tuple[tuple[int, int], tuple[int, int]]:
    """The record maximum and minimum of a calendar day (°F), each with its year."""
    normals = world.normals(station, day)
    random = world.draws(f"records {station.icao}", day.month, day.day)
    above, below = random.uniform(2.7, 3.5, 2) * normals.high_sd_f
    years = random.integers(*_RECORD_YEARS, 2)
    return (
        (round_half_up(normals.high_f + above), int(years[0])),
        (round_half_up(normals.low_f - below), int(years[1])),
    )


def _temperature_rows(
    world: World, station: Station, day: date, until: datetime | None, added_f: int
) -> Iterator[str]:
    (high, high_at), (low, low_at) = extremes(world, station, day, until)
    high += added_f
    record_high, record_low = records_f(world, station, day)
    normals = world.normals(station, day)
    last_year = _a_year_before(day)
    last_high, last_low = world.high_f(station, last_year), world.low_f(station, last_year)
    rows = (
        ("MAXIMUM", high, high_at, record_high, normals.high_f, last_high, high >= record_high[0]),
        ("MINIMUM", low, low_at, record_low, normals.low_f, last_low, low <= record_low[0]),
    )
    for name, value, at, (record, year), normal, last, is_record in rows:
        usual = round_half_up(normal)
        yield (
            f"  {name}{value:>11}{'R' if is_record else ' '}{clock(station, at):>9}"
            f"{record:>4}{year:>8}{usual:>4}{value - usual:>7}{last:>9}"
        )
    average = round_half_up((high + low) / 2)
    usual = round_half_up((normals.high_f + normals.low_f) / 2)
    last = round_half_up((last_high + last_low) / 2)
    yield f"  AVERAGE{average:>11}{usual:>26}{average - usual:>7}{last:>9}"


def _normals(world: World, station: Station, day: date, until: datetime | None) -> Iterator[str]:
    """The second block with a ``MAXIMUM``, which is no observation."""
    (high, high_year), (low, low_year) = records_f(world, station, day)
    normals = world.normals(station, day)
    which = "TODAY" if until is None else "TOMORROW"
    yield f"THE {office_of(station).headline} CLIMATE NORMALS FOR {which}"
    yield "                         NORMAL    RECORD    YEAR"
    for name, normal, record, year in (
        ("MAXIMUM", normals.high_f, high, high_year),
        ("MINIMUM", normals.low_f, low, low_year),
    ):
        yield f" {name} TEMPERATURE (F){round_half_up(normal):>5}{record:>10}{year:>10}"


def clock(station: Station, at: datetime) -> str:
    """A time of day by local standard time as the station's reports have it."""
    return _clock(at + timedelta(hours=station.standard_offset_h), office_of(station).has_colons)


def _clock(at: datetime, has_colon: bool) -> str:
    """``2:31 PM`` or ``231 PM``."""
    hour = at.hour % 12 or 12
    return f"{hour}{':' if has_colon else ''}{at.minute:02d} {'PM' if at.hour >= 12 else 'AM'}"


def _a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
