"""How far ahead of a climate day an instant lies."""

from datetime import date, datetime, timedelta

from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.weather import Station

BEGINS_H: tuple[tuple[Lead, float], ...] = (
    (Lead.LATE, 12.0),
    (Lead.MORNING, 6.0),
    (Lead.NIGHT, -3.0),
    (Lead.EVE, -12.0),
)
"""Hours from the first instant of the climate day; before the last of them it is ``AHEAD``."""


def lead_of(station: Station, climate_day: date, at: datetime) -> Lead:
    """The class of a decision at ``at`` about ``climate_day``.

    >>> from kalshi_edge.domain.weather import Station
    >>> nyc = Station("NYC", "KNYC", "Central Park", "CLINYC", "KXHIGHNY", -5, 40.8, -74.0)
    >>> midnight = nyc.day_start(date(2024, 7, 1))
    >>> [str(lead_of(nyc, date(2024, 7, 1), midnight + timedelta(hours=h))) for h in (-13, -1, 12)]
    ['ahead', 'night', 'late']
    """
    hours = (at - station.day_start(climate_day)) / timedelta(hours=1)
    return next((lead for lead, begins in BEGINS_H if hours >= begins), Lead.AHEAD)
