"""The parsed climate reports of the text archive, as JSON by station and year or by day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_edge.sandbox.weather import cli
from kalshi_edge.sandbox.weather.faults import FaultKind, Product
from kalshi_edge.sandbox.weather.newsroom import ARCHIVE_BEGINS, Newsroom
from kalshi_edge.sandbox.weather.offices import office_of
from kalshi_edge.units import round_half_up

Json = dict[str, Any]
_MISSING = "M"


def year_of_reports(newsroom: Newsroom, station: Station, year: int, now: datetime) -> Json:
    """``/json/cli.py``: a station's days of a year whose final reports are out."""
    first = max(date(year, 1, 1), ARCHIVE_BEGINS)
    count = (date(year + 1, 1, 1) - first).days
    days = (first + timedelta(days=step) for step in range(count))
    return {"results": [row for day in days for row in _row(newsroom, station, day, now)]}


def day_of_reports(newsroom: Newsroom, day: date, now: datetime) -> Json:
    """``/geojson/cli.py``: all stations on one day."""
    rows = [(station, row) for station in STATIONS for row in _row(newsroom, station, day, now)]
    features = [
        {
            "type": "Feature",
            "id": number,
            "properties": row,
            "geometry": {"type": "Point", "coordinates": [station.longitude, station.latitude]},
        }
        for number, (station, row) in enumerate(rows)
    ]
    return {"type": "FeatureCollection", "features": features}


def _row(newsroom: Newsroom, station: Station, day: date, now: datetime) -> Iterator[Json]:
    world = newsroom.world
    report = newsroom.final_report(station, day)
    late = newsroom.faults.delay(Product.CLI_ARCHIVE, station.icao)
    if report is None or report.seen_at + late > now:
        return
    (high, high_at), (low, low_at) = cli.extremes(world, station, day)
    if newsroom.corrected_at(station, day) + late <= now:
        high += newsroom.corrected_f(station)
    is_missing = newsroom.faults.find(Product.CLI_ARCHIVE, FaultKind.MISSING, station.icao)
    normals = world.normals(station, day)
    (record_high, high_year), (record_low, low_year) = cli.records_f(world, station, day)
    office = office_of(station)
    yield {
        "station": station.icao,
        "valid": day.isoformat(),
        "wfo": office.identifier,
        "name": station.name.upper(),
        "product": f"{report.seen_at:%Y%m%d%H%M}-K{office.identifier}-"
        f"CDUS4{office.region}-{station.report}",
        "high": _MISSING if is_missing else high,
        "high_record": record_high,
        "high_record_years": [high_year],
        "high_normal": round_half_up(normals.high_f),
        "high_time": _MISSING if is_missing else cli.clock(station, high_at),
        "low": _MISSING if is_missing else low,
        "low_record": record_low,
        "low_record_years": [low_year],
        "low_normal": round_half_up(normals.low_f),
        "low_time": _MISSING if is_missing else cli.clock(station, low_at),
        "precip": _MISSING,
        "snow": _MISSING,
    }
