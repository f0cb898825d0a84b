"""The hours between a forecast's minima and maxima: a smooth course, as forecasts of hours have."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import cos, pi

from kalshi_edge.domain.weather import Station
from kalshi_sandbox.world.models import PointModel
from kalshi_sandbox.world.world import World, lead_h

_COLDEST_H, _WARMEST_H = 6.0, 15.0
"""Local standard hours at which the course turns."""


def hourly_forecast_f(world: World, station: Station, at: datetime, run_at: datetime) -> float:
    """The temperature that a run of NBM foresees for an instant at most nine days ahead, °F."""

    def high_f(day: date) -> float:
        return world.outlook(station, day, run_at).mean_f

    return _course_f(world, station, at, run_at, high_f)


def model_hour_f(
    world: World, model: PointModel, station: Station, at: datetime, run_at: datetime
) -> float:
    """The temperature that a run of another model foresees for an instant, °F.

    Raises ``InputError`` where that is beyond the fourth day.
    """

    def high_f(day: date) -> float:
        return world.model_outlook(model, station, day, run_at).mean_f

    return _course_f(world, station, at, run_at, high_f)


def _course_f(
    world: World,
    station: Station,
    at: datetime,
    run_at: datetime,
    high_f: Callable[[date], float],
) -> float:
    day = station.climate_day(at)
    hour = (at - station.day_start(day)) / timedelta(hours=1)

    def low(ahead: int) -> float:
        return world.low_outlook(station, day + timedelta(days=ahead), run_at).mean_f

    def high(ahead: int) -> float:
        if lead_h(day + timedelta(days=ahead), run_at) < 1:
            # The run starts from what was measured.
            return world.high_f(station, day + timedelta(days=ahead))
        return high_f(day + timedelta(days=ahead))

    if hour < _COLDEST_H:
        return _between(high(-1), low(0), 24 - _WARMEST_H + hour, 24 - _WARMEST_H + _COLDEST_H)
    if hour < _WARMEST_H:
        return _between(low(0), high(0), hour - _COLDEST_H, _WARMEST_H - _COLDEST_H)
    return _between(high(0), low(1), hour - _WARMEST_H, 24 - _WARMEST_H + _COLDEST_H)


def _between(start: float, end: float, passed_h: float, length_h: float) -> float:
    return start + (end - start) * (1 - cos(pi * min(1.0, passed_h / length_h))) / 2
