"""Hourly reports as aviationweather.gov (``/awc``) gives them: raw lines or JSON."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kalshi_edge.clock import Clock
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.faults import Product
from kalshi_sandbox.weather.http_rules import answer, document
from kalshi_sandbox.weather.metar import celsius, metar
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World

_LONGEST_H = 360


class Aviation:
    """The newest reports, or those of some hours."""

    def __init__(self, newsroom: Newsroom, clock: Clock) -> None:
        self._newsroom = newsroom
        self._clock = clock

    def routes(self) -> list[Route]:
        """The one address."""
        return [Route("/api/data/metar", self._reports)]

    async def _reports(self, request: Request) -> Response:
        query = request.query_params
        names = query.get("ids", "").upper().split(",")
        hours = query.get("hours", "0")
        form = query.get("format", "raw")
        if form not in {"raw", "json"} or not hours.isdigit() or int(hours) > _LONGEST_H:
            return Response("format must be raw or json, hours 0 to 360", 400)
        stations = [station for station in STATIONS if station.icao in names]
        found = [(s, at) for s in stations for at in self._times(s, int(hours))]
        world = self._newsroom.world
        if form == "json":
            rows = [_row(world, station, at) for station, at in found]
            result = document(orjson.dumps(rows), "application/json")
        else:
            lines = "\n".join(metar(world, station, at) for station, at in found)
            result = document(lines, "text/plain")
        only = stations[0].icao if len(stations) == 1 else None
        return await answer(request, result, self._newsroom.faults, Product.METAR, only)

    def _times(self, station: Station, hours: int) -> list[datetime]:
        """Newest first; without a number of hours the newest only."""
        now = self._clock.now()
        result: list[datetime] = []
        for bulletin in self._newsroom.bulletins("MTR", station, now):
            if result and bulletin.issued_at < now - timedelta(hours=hours):
                break
            result.append(bulletin.issued_at)
            if hours == 0:
                break
        return result


def _row(world: World, station: Station, at: datetime) -> dict[str, Any]:
    raw = metar(world, station, at)
    return {
        "icaoId": station.icao,
        "receiptTime": (at + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "obsTime": int(at.timestamp()),
        "reportTime": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "temp": round(celsius(world.temperature_f(station, at)), 1),
        "metarType": "METAR",
        "rawOb": raw,
        "lat": station.latitude,
        "lon": station.longitude,
        "name": station.name,
    }
