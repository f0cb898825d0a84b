"""Climate reports as the text archive has read them: JSON by station and year, or by day.

A day has the figures of the last report on it that is out: the intermediate one until the final
one has come, and a correction after that.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_edge.units import round_half_up
from kalshi_sandbox.weather import cli
from kalshi_sandbox.weather.faults import FaultKind, Product
from kalshi_sandbox.weather.office_table import office_of
from kalshi_sandbox.weather.product_feed import ARCHIVE_BEGINS, Issue, Newsroom

Json = dict[str, Any]
_MISSING = "M"
_KEPT_ROWS = 2 * 366 * len(STATIONS)


class ReportArchive:
    """The archive's rows; what has been read once is kept."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom = newsroom
        self._figures = lru_cache(maxsize=_KEPT_ROWS)(self._read_figures)

    def year(self, station: Station, year: int, now: datetime) -> Json:
        """``/json/cli.py``: a station's days of a year."""
        day, end = max(date(year, 1, 1), ARCHIVE_BEGINS), date(year + 1, 1, 1)
        last = min(end, station.climate_day(now) + timedelta(days=1))
        days = (day + timedelta(days=step) for step in range((last - day).days))
        return {"results": [row for each in days for row in self._rows(station, each, now)]}

    def day(self, day: date, now: datetime) -> Json:
        """``/geojson/cli.py``: all stations on one day."""
        rows = [(station, row) for station in STATIONS for row in self._rows(station, day, now)]
        features = [
            {
                "type": "Feature",
                "id": number,
                "properties": row,
                "geometry": {
                    "type": "Point",
                    "coordinates": [station.longitude, station.latitude],
                },
            }
            for number, (station, row) in enumerate(rows)
        ]
        return {"type": "FeatureCollection", "features": features}

    def _rows(self, station: Station, day: date, now: datetime) -> Iterator[Json]:
        """The day's row, if there is one."""
        faults = self._newsroom.faults
        late = faults.delay(Product.CLI_ARCHIVE, station.icao)
        issues = self._newsroom.issues(station, day)
        issue = next((each for each in issues if each.seen_at + late <= now), None)
        if issue is None:
            return
        row = self._figures(station, day, issue)
        if faults.find(Product.CLI_ARCHIVE, FaultKind.MISSING, station.icao):
            row = row | dict.fromkeys(("high", "low", "high_time", "low_time"), _MISSING)
        yield row

    def _read_figures(self, station: Station, day: date, issue: Issue) -> Json:
        world = self._newsroom.world
        (high, high_at), (low, low_at) = cli.extremes(world, station, day, issue.until)
        (record_high, high_year), (record_low, low_year) = cli.records_f(world, station, day)
        normals = world.normals(station, day)
        office = office_of(station)
        name = (
            f"{issue.issued_at:%Y%m%d%H%M}-K{office.identifier}-CDUS4{office.region}-"
            f"{station.report}"
        )
        return {
            "station": station.icao,
            "valid": day.isoformat(),
            "wfo": office.identifier,
            "name": station.name.upper(),
            "product": f"{name}-{issue.amendment}" if issue.amendment else name,
            "high": high + issue.added_f,
            "high_record": record_high,
            "high_record_years": [high_year],
            "high_normal": round_half_up(normals.high_f),
            "high_time": cli.clock(station, high_at),
            "low": low,
            "low_record": record_low,
            "low_record_years": [low_year],
            "low_normal": round_half_up(normals.low_f),
            "low_time": cli.clock(station, low_at),
            "precip": _MISSING,
            "snow": _MISSING,
        }
