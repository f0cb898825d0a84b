"""A day's maximum from a model's hours, where they cover the hours that make it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from kalshi_edge.domain.weather import Station

AFTERNOON_H = range(12, 19)
"""Local standard hours that must all be there: a maximum of the morning alone is none."""


def day_maxima(station: Station, hours_f: Mapping[datetime, float]) -> dict[date, float]:
    """The highest of each climate day's hours, °F, of the days whose afternoon is all there.

    Hours that are there and not of the afternoon count as well; those that are not are no fault.

    >>> from datetime import UTC
    >>> from kalshi_edge.data.weather.stations import by_icao
    >>> hours = {datetime(2026, 11, 22, hour, tzinfo=UTC): 40.0 + hour for hour in range(17, 24)}
    >>> day_maxima(by_icao("KNYC"), hours)
    {datetime.date(2026, 11, 22): 63.0}
    >>> del hours[datetime(2026, 11, 22, 18, tzinfo=UTC)]
    >>> day_maxima(by_icao("KNYC"), hours)
    {}
    """
    highest: dict[date, float] = {}
    for at, value in hours_f.items():
        day = station.climate_day(at)
        highest[day] = max(highest.get(day, value), value)
    return {
        day: value
        for day, value in sorted(highest.items())
        if all(station.day_start(day) + timedelta(hours=hour) in hours_f for hour in AFTERNOON_H)
    }
