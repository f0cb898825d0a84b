"""What was measured of a past day: the maxima of six hours, and the climate reports.

The reports are as an archive has them: with the figures, without place and records.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from kalshi_edge.data.weather.past.archive import REPORT_DELAY
from kalshi_edge.domain.weather import Basis, ClimateReport, Observation, Station
from kalshi_sandbox.weather import cli, metar
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World

READING_DELAY = timedelta(minutes=5)
"""From a station's hourly report to our having it."""


def maxima(world: World, station: Station, day: date) -> Iterator[Observation]:
    """The maxima of six hours that lie within ``day``, as hourly reports give them."""
    start_at = station.day_start(day)
    for at in metar.report_times(station, start_at + metar.SIX_HOURS, station.day_end(day)):
        if (at + timedelta(hours=1)).hour % 6:
            continue
        high_f = int(world.temperatures_f(station, at - metar.SIX_HOURS, at).max())
        yield Observation(
            station=station.icao,
            basis=Basis.SIX_HOUR_MAX,
            start_at=at - metar.SIX_HOURS,
            end_at=at,
            low_f=high_f,
            high_f=high_f,
            received_at=at + READING_DELAY,
        )


def reports(newsroom: Newsroom, station: Station, day: date) -> Iterator[ClimateReport]:
    """The afternoon's report, which is only a floor, and the night's, which settles."""
    world = newsroom.world
    for issue in reversed(newsroom.issues(station, day)):
        if issue.until is None:
            high_f, low_f = world.high_f(station, day), world.low_f(station, day)
        else:
            (high_f, _), (low_f, _) = cli.extremes(world, station, day, issue.until)
        yield ClimateReport(
            report=station.report,
            climate_day=day,
            high_f=high_f,
            low_f=low_f,
            is_final=issue.until is None,
            is_corrected=False,
            is_record=False,
            issued_at=issue.issued_at,
            received_at=issue.seen_at + REPORT_DELAY,
        )
