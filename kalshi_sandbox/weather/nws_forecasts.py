"""What api.weather.gov foresees: points, the raw grid, and forecasts in words and by the hour."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from math import hypot

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_edge.units import round_half_up
from kalshi_sandbox.weather.diurnal_curve import hourly_forecast_f
from kalshi_sandbox.weather.metar import celsius
from kalshi_sandbox.weather.names import day_name
from kalshi_sandbox.weather.nws_json import Json, feature, hour, stamp
from kalshi_sandbox.weather.office_table import civil_time, office_of, zone_name
from kalshi_sandbox.world.world import World

Wording = Callable[[World, Station, datetime, str], Json]
"""A forecast of a station as seen at an instant, under a base address."""

FORECAST_DAYS = 7
_DAYTIME = (timedelta(hours=7), timedelta(hours=20))
"""The forecasters' daytime, local standard time; its maximum is the forecast maximum."""
_REACH_DEG = 0.1
_NIGHT_H = 18
_SKIES = ("Sunny", "Mostly Sunny", "Partly Sunny", "Mostly Cloudy", "Chance Rain Showers")


def station_near(latitude: float, longitude: float) -> Station | None:
    """The station whose grid cell holds a point; ``None`` where no station is near."""
    nearest = min(STATIONS, key=lambda s: hypot(s.latitude - latitude, s.longitude - longitude))
    apart = hypot(nearest.latitude - latitude, nearest.longitude - longitude)
    return nearest if apart <= _REACH_DEG else None


def station_of_cell(identifier: str, x: int, y: int) -> Station | None:
    """The station in a cell of an office's grid."""
    cells = {(office_of(s).identifier, *office_of(s).grid): s for s in STATIONS}
    return cells.get((identifier, x, y))


def point(station: Station, base: str) -> Json:
    """``/points``: where to ask for a place's forecasts."""
    office, grid = office_of(station), _grid(station, base)
    here = f"{base}/points/{station.latitude},{station.longitude}"
    return feature(here, station) | {
        "properties": {
            "@id": here,
            "@type": "wx:Point",
            "cwa": office.identifier,
            "forecastOffice": f"{base}/offices/{office.identifier}",
            "gridId": office.identifier,
            "gridX": office.grid[0],
            "gridY": office.grid[1],
            "forecast": f"{grid}/forecast",
            "forecastHourly": f"{grid}/forecast/hourly",
            "forecastGridData": grid,
            "observationStations": f"{grid}/stations",
            "timeZone": zone_name(station),
        }
    }


def grid_forecast(
    world: World, station: Station, now: datetime, base: str, *, has_highs: bool = True
) -> Json:
    """``/gridpoints/…``: the raw forecast, °C but whole °F inside."""
    issued_at = world.nws_issued_at(now)
    office, here = office_of(station), _grid(station, base)
    highs = list(_daily_highs(world, station, issued_at)) if has_highs else []
    hours = _hours(issued_at, 24 * FORECAST_DAYS)
    temperatures = [
        (_interval(at, timedelta(hours=1)), celsius(_hourly_f(world, station, at, issued_at)))
        for at in hours
    ]
    return feature(here, station) | {
        "properties": {
            "@id": here,
            "@type": "wx:Gridpoint",
            "updateTime": stamp(issued_at),
            "validTimes": f"{stamp(hours[0])}/P{FORECAST_DAYS}D",
            "forecastOffice": f"{base}/offices/{office.identifier}",
            "gridId": office.identifier,
            "gridX": str(office.grid[0]),
            "gridY": str(office.grid[1]),
            "temperature": _layer(temperatures),
            "maxTemperature": _layer(highs),
            "minTemperature": _layer(list(_daily_lows(world, station, issued_at))),
        }
    }


def worded_forecast(world: World, station: Station, now: datetime, base: str) -> Json:
    """``…/forecast``: days and nights, whole °F."""
    issued_at = world.nws_issued_at(now)
    periods = []
    first = station.climate_day(now)
    for ahead in range(FORECAST_DAYS):
        day = first + timedelta(days=ahead)
        begin, end = (station.day_start(day) + part for part in _DAYTIME)
        name = day_name(day).capitalize()
        if now < end:
            high = world.nws_high_f(station, day, now)
            word = name if ahead else "Today"
            start = max(begin, hour(now))
            periods.append(_period(station, start, end, high, is_day=True, name=word))
        low = _low_f(world, station, day + timedelta(days=1), issued_at)
        word = f"{name} Night" if ahead else "Tonight"
        start, end = max(end, hour(now)), begin + timedelta(days=1)
        periods.append(_period(station, start, end, low, is_day=False, name=word))
    return _forecast(station, issued_at, periods, f"{_grid(station, base)}/forecast")


def hourly_forecast(world: World, station: Station, now: datetime, base: str) -> Json:
    """``…/forecast/hourly``: 156 hours, whole °F."""
    issued_at = world.nws_issued_at(now)
    periods = [
        _period(
            station, at, at + timedelta(hours=1), _hourly_f(world, station, at, issued_at),
            is_day=6 <= (at + timedelta(hours=station.standard_offset_h)).hour < _NIGHT_H,
        )
        for at in _hours(now, 156)
    ]  # fmt: skip
    return _forecast(station, issued_at, periods, f"{_grid(station, base)}/forecast/hourly")


def _daily_highs(
    world: World, station: Station, issued_at: datetime
) -> Iterator[tuple[str, float]]:
    first = station.climate_day(issued_at)
    for ahead in range(FORECAST_DAYS):
        day = first + timedelta(days=ahead)
        begin, end = (station.day_start(day) + part for part in _DAYTIME)
        begin = max(begin, hour(issued_at))
        if begin < end:
            value = celsius(world.nws_high_f(station, day, issued_at))
            yield _interval(begin, end - begin), value


def _daily_lows(world: World, station: Station, issued_at: datetime) -> Iterator[tuple[str, float]]:
    first = station.climate_day(issued_at)
    for ahead in range(1, FORECAST_DAYS):
        day = first + timedelta(days=ahead)
        begin = station.day_start(day) - timedelta(hours=5)
        value = celsius(_low_f(world, station, day, issued_at))
        yield _interval(begin, timedelta(hours=14)), value


def _low_f(world: World, station: Station, day: date, issued_at: datetime) -> int:
    return round_half_up(world.low_outlook(station, day, world.nws_run_at(issued_at)).mean_f)


def _hourly_f(world: World, station: Station, at: datetime, issued_at: datetime) -> int:
    return round_half_up(hourly_forecast_f(world, station, at, world.nws_run_at(issued_at)))


def _forecast(station: Station, issued_at: datetime, periods: list[Json], here: str) -> Json:
    numbered = [{"number": number} | period for number, period in enumerate(periods, start=1)]
    return feature(here, station) | {
        "properties": {
            "units": "us",
            "generatedAt": stamp(issued_at),
            "updateTime": stamp(issued_at),
            "periods": numbered,
        }
    }


def _period(
    station: Station,
    begin: datetime,
    end: datetime,
    whole_f: int,
    *,
    is_day: bool,
    name: str = "",
) -> Json:
    return {
        "name": name,
        "startTime": _local_stamp(station, begin),
        "endTime": _local_stamp(station, end),
        "isDaytime": is_day,
        "temperature": whole_f,
        "temperatureUnit": "F",
        "temperatureTrend": None,
        "windSpeed": "5 to 10 mph",
        "windDirection": "SW",
        "shortForecast": _SKIES[(begin.day + whole_f) % len(_SKIES)],
        "detailedForecast": "",
    }


def _grid(station: Station, base: str) -> str:
    office = office_of(station)
    x, y = office.grid
    return f"{base}/gridpoints/{office.identifier}/{x},{y}"


def _layer(values: list[tuple[str, float]]) -> Json:
    return {
        "uom": "wmoUnit:degC",
        "values": [{"validTime": interval, "value": value} for interval, value in values],
    }


def _hours(start: datetime, count: int) -> list[datetime]:
    return [hour(start) + timedelta(hours=step) for step in range(count)]


def _interval(begin: datetime, length: timedelta) -> str:
    hours = length // timedelta(hours=1)
    days, rest = divmod(hours, 24)
    return f"{stamp(begin)}/P{f'{days}D' if days else ''}{f'T{rest}H' if rest else ''}"


def _local_stamp(station: Station, at: datetime) -> str:
    wall, _ = civil_time(station, at)
    ahead = wall - at.astimezone(UTC).replace(tzinfo=None)
    return f"{wall.isoformat(timespec='seconds')}-{-ahead // timedelta(hours=1):02d}:00"
