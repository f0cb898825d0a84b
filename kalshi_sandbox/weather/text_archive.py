"""The archive of texts (``/iem``): one product at a time, and climate reports as JSON."""

from datetime import UTC, date, datetime
from html import escape

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kalshi_edge.clock import Clock
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.archive import ReportArchive
from kalshi_sandbox.weather.faults import Product
from kalshi_sandbox.weather.http_rules import answer, document
from kalshi_sandbox.weather.office_table import station_of_name
from kalshi_sandbox.weather.product_feed import PRODUCTS, Bulletin, Newsroom

_MOST_PRODUCTS = 9999
_PLAIN, _HTML, _JSON = "text/plain", "text/html; charset=utf-8", "application/json"


class TextArchive:
    """Texts by product identifier (``pil``): ``NBPNYC``, ``CLIMDW``."""

    def __init__(self, newsroom: Newsroom, clock: Clock) -> None:
        self._newsroom = newsroom
        self._reports = ReportArchive(newsroom)
        self._clock = clock

    def routes(self) -> list[Route]:
        """The archive's addresses."""
        return [
            Route("/cgi-bin/afos/retrieve.py", self._retrieve),
            Route("/wx/afos/p.php", self._page),
            Route("/json/cli.py", self._year),
            Route("/geojson/cli.py", self._day),
        ]

    async def _retrieve(self, request: Request) -> Response:
        query = request.query_params
        name = query.get("pil", "").upper()
        limit = query.get("limit", "1")
        order = query.get("order", "desc")
        is_number = limit.isdigit() and 1 <= int(limit) <= _MOST_PRODUCTS
        if not is_number or order not in {"asc", "desc"} or not 3 <= len(name) <= 6:
            return Response("limit must be 1 to 9999, order asc or desc, pil a product", 422)
        try:
            start, end = _instant(query.get("sdate")), _instant(query.get("edate"))
        except ValueError as error:
            return Response(str(error), 422)
        place = _place(name)
        if place is None:
            text, product, station = f"ERROR: Could not Find: {name:6}", Product.CLI, None
        else:
            product, station = PRODUCTS[place[0]], place[1]
            found = self._found(place, start, end, int(limit), order)
            text = "".join(f"\001\n{bulletin.text()}\n\003\n" for bulletin in found)
            text = text or f"ERROR: Could not Find: {name:6}"
        icao = None if station is None else station.icao
        return await answer(request, document(text, _PLAIN), self._newsroom.faults, product, icao)

    def _found(
        self,
        place: tuple[str, Station],
        start: datetime | None,
        end: datetime | None,
        limit: int,
        order: str,
    ) -> list[Bulletin]:
        """The bulletins that appeared in ``[start, end]``; in ascending order the first of them."""
        chosen = []
        for bulletin in self._newsroom.bulletins(*place, self._clock.now()):
            if start is not None and bulletin.seen_at < start:
                break
            if end is None or bulletin.seen_at <= end:
                chosen.append(bulletin)
            if order == "desc" and len(chosen) == limit:
                break
        return chosen if order == "desc" else chosen[::-1][:limit]

    async def _page(self, request: Request) -> Response:
        name = request.query_params.get("pil", "").upper()
        place = _place(name)
        newest = None
        if place is not None:
            newest = next(self._newsroom.bulletins(*place, self._clock.now()), None)
        if place is None or newest is None:
            body = f"<p>Sorry, product {escape(name)} was not found.</p>"
        else:
            body = f"<pre>\n{escape(newest.text())}</pre>"
        html = document(f"<!DOCTYPE html>\n<html><body>{body}</body></html>\n", _HTML)
        product = Product.CLI if place is None else PRODUCTS[place[0]]
        icao = None if place is None else place[1].icao
        return await answer(request, html, self._newsroom.faults, product, icao)

    async def _year(self, request: Request) -> Response:
        query = request.query_params
        station = next((s for s in STATIONS if s.icao == query.get("station")), None)
        year = query.get("year", "")
        if not (year.isdigit() and 1900 <= int(year) <= 2200):
            return Response("year must be a number", 422)
        now = self._clock.now()
        if station is None:
            return await self._json(request, {"results": []}, None)
        return await self._json(request, self._reports.year(station, int(year), now), station.icao)

    async def _day(self, request: Request) -> Response:
        try:
            day = date.fromisoformat(request.query_params.get("dt", ""))
        except ValueError as error:
            return Response(str(error), 422)
        return await self._json(request, self._reports.day(day, self._clock.now()), None)

    async def _json(self, request: Request, body: object, station: str | None) -> Response:
        found = document(orjson.dumps(body), _JSON)
        faults = self._newsroom.faults
        return await answer(request, found, faults, Product.CLI_ARCHIVE, station)


def _place(name: str) -> tuple[str, Station] | None:
    """Kind and station of a product identifier; ``None`` where there is no such product."""
    station = station_of_name(name[3:])
    return None if station is None or name[:3] not in PRODUCTS else (name[:3], station)


def _instant(text: str | None) -> datetime | None:
    """An instant as the archive takes it, UTC; ``ValueError`` where it is none."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
