"""Daily summary messages: the sensor's own extremes of a day, at 4 pm for the day so far."""

from datetime import date, datetime, timedelta

from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.cli import extremes
from kalshi_sandbox.weather.office_table import office_of, short_name
from kalshi_sandbox.world.world import World

_UNTIL_H = 16
_LAG = timedelta(minutes=14)
_REST = "//0021509/00/00/00/00/00/00/00/00="
"""Pressure and precipitation, which nobody here reads."""


def until(station: Station, day: date) -> datetime:
    """How far the intermediate summary goes: 16:00 local standard time."""
    return station.day_start(day) + timedelta(hours=_UNTIL_H)


def intermediate_at(station: Station, day: date) -> datetime:
    """When the intermediate summary is sent."""
    return until(station, day) + _LAG


def final_at(station: Station, day: date) -> datetime:
    """When the summary of the whole day is sent."""
    return station.day_end(day) + _LAG


def daily_summary(
    world: World, station: Station, day: date, sent_at: datetime, *, end: datetime | None = None
) -> str:
    """The summary of ``day``, or with ``end`` of the day so far."""
    office = office_of(station)
    (high, high_at), (low, low_at) = extremes(world, station, day, end)
    so_far = "" if end is None else f"{_standard(station, end)} "
    summary = (
        f"{station.icao} DS {so_far}{day:%d/%m} {high}{_standard(station, high_at)}/ "
        f"{low}{_standard(station, low_at)}// {high:2d}/ {low:2d}{_REST}"
    )
    heading = f"CXUS4{office.region} K{office.identifier} {sent_at:%d%H%M}"
    return f"000 \n{heading}\nDSM{short_name(station)}\n{summary}\n"


def _standard(station: Station, at: datetime) -> str:
    return f"{at + timedelta(hours=station.standard_offset_h):%H%M}"
