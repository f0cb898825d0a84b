"""Hourly reports as ASOS sends them, with the maxima of six hours and, at midnight, of the day."""

from datetime import datetime, timedelta

from kalshi_edge.domain.weather import Station
from kalshi_edge.units import round_half_up
from kalshi_sandbox.weather.office_table import office_of, short_name
from kalshi_sandbox.world.world import World

SIX_HOURS = timedelta(hours=6)
_SKIES = ("CLR", "CLR", "FEW045", "FEW250", "SCT060", "BKN035", "BKN250", "OVC020")


def report_times(station: Station, start_at: datetime, end_at: datetime) -> list[datetime]:
    """When the station's hourly reports in ``[start_at, end_at]`` are made."""
    minute = office_of(station).report_minute
    first = start_at.replace(minute=minute, second=0, microsecond=0)
    if first < start_at:
        first += timedelta(hours=1)
    count = max(0, (end_at - first) // timedelta(hours=1) + 1)
    return [first + timedelta(hours=step) for step in range(count)]


def metar(world: World, station: Station, at: datetime) -> str:
    """The hourly report made at ``at``, one line."""
    temperature_f = world.temperature_f(station, at)
    random = world.draws(f"report {station.icao}", int(at.timestamp()))
    dew_point_f = temperature_f - int(random.integers(2, 25))
    wind = f"{10 * int(random.integers(1, 37)):03d}{int(random.integers(3, 16)):02d}KT"
    sky = _SKIES[int(random.integers(len(_SKIES)))]
    pressure = int(random.integers(2970, 3040))
    groups = [
        f"METAR {station.icao} {at:%d%H%M}Z AUTO {wind} 10SM {sky}",
        f"{_whole(temperature_f)}/{_whole(dew_point_f)} A{pressure} RMK AO2",
        f"SLP{round(pressure * 0.338639 * 10) % 1000:03d}",
        f"T{tenths(temperature_f)}{tenths(dew_point_f)}",
        *_extremes(world, station, at),
    ]
    return " ".join(groups)


def collective(world: World, station: Station, at: datetime) -> str:
    """The report under the heading that it travels with."""
    office = office_of(station)
    heading = f"SAUS7{office.region} K{office.identifier} {at:%d%H%M}"
    return f"000 \n{heading}\nMTR{short_name(station)}\n{metar(world, station, at)}=\n"


def _extremes(world: World, station: Station, at: datetime) -> list[str]:
    """Maximum and minimum of six hours at 00, 06, 12, 18 UTC, of the day at its midnight."""
    groups = []
    hour = (at + timedelta(hours=1)).replace(minute=0)
    if hour.hour % 6 == 0:
        series = world.temperatures_f(station, at - SIX_HOURS, at)
        groups += [f"1{tenths(int(series.max()))}", f"2{tenths(int(series.min()))}"]
    day = station.climate_day(at)
    if hour == station.day_end(day):
        series = world.temperatures_f(station, station.day_start(day) - timedelta(minutes=5), at)
        groups.append(f"4{tenths(int(series.max()))}{tenths(int(series.min()))}")
    return groups


def celsius(whole_f: int) -> float:
    """°C of whole °F.

    >>> celsius(60)
    15.555555555555555
    """
    return (whole_f - 32) / 1.8


def whole_celsius(whole_f: int) -> int:
    """The whole °C that reports without tenths give for a sensor's whole °F.

    >>> whole_celsius(87), whole_celsius(88), whole_celsius(30)
    (31, 31, -1)
    """
    return round_half_up(celsius(whole_f))


def tenths(whole_f: int) -> str:
    """Sign and tenths of °C of whole °F, as in the groups of the remarks.

    >>> tenths(85), tenths(14)
    ('0294', '1100')
    """
    value = round_half_up(abs(celsius(whole_f)) * 10)
    return f"{int(whole_f < 32)}{value:03d}"


def _whole(whole_f: int) -> str:
    value = whole_celsius(whole_f)
    return f"{'M' if whole_f < 32 else ''}{abs(value):02d}"
