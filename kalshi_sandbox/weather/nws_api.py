"""api.weather.gov (``/nws``): its addresses, its manners and its refusals."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kalshi_edge.clock import Clock
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather import nws_forecasts, nws_records
from kalshi_sandbox.weather.faults import FaultKind, Product
from kalshi_sandbox.weather.http_rules import answer, document
from kalshi_sandbox.weather.nws_json import Json
from kalshi_sandbox.weather.office_table import station_of_name
from kalshi_sandbox.weather.product_feed import Bulletin, Newsroom

_RETENTION = timedelta(days=5)
_MOST_OBSERVATIONS = 500
_GEO = "application/geo+json"
_LINKED = "application/ld+json"
_PROBLEM = "application/problem+json"


class Government:
    """Forecasts, observations and products."""

    def __init__(self, newsroom: Newsroom, clock: Clock) -> None:
        self._newsroom = newsroom
        self._clock = clock

    def routes(self) -> list[Route]:
        """All addresses."""
        grid = "/gridpoints/{office}/{x:int},{y:int}"
        return [
            _polite("/points/{latitude:float},{longitude}", self._point),
            _polite(grid, self._grid),
            _polite(grid + "/forecast", self._forecast),
            _polite(grid + "/forecast/hourly", self._hourly),
            _polite(grid + "/stations", self._stations),
            _polite("/stations/{icao}/observations", self._observations, "start", "end", "limit"),
            _polite("/stations/{icao}/observations/latest", self._latest, "require_qc"),
            _polite("/products/types/CLI/locations/{place}", self._products),
            _polite("/products/{identifier}", self._product),
        ]

    async def _point(self, request: Request) -> Response:
        try:
            longitude = float(request.path_params["longitude"])
        except ValueError:
            return _problem(404, "Invalid Parameter", "the point is not a pair of numbers")
        station = nws_forecasts.station_near(request.path_params["latitude"], longitude)
        if station is None:
            return _problem(404, "Data Unavailable For Requested Point", "not of this world")
        return await self._json(request, nws_forecasts.point(station, _base(request)), station)

    async def _grid(self, request: Request) -> Response:
        station = _cell(request)
        if station is None:
            return _no_cell()
        missing = self._newsroom.faults.find(Product.FORECAST, FaultKind.MISSING, station.icao)
        body = nws_forecasts.grid_forecast(
            self._newsroom.world, station, self._seen(station), _base(request),
            has_highs=missing is None,
        )  # fmt: skip
        return await self._json(request, body, station)

    async def _stations(self, request: Request) -> Response:
        station = _cell(request)
        if station is None:
            return _no_cell()
        found = nws_records.collection([nws_records.observing_station(station, _base(request))])
        return await self._json(request, found, station)

    async def _forecast(self, request: Request) -> Response:
        return await self._worded(request, nws_forecasts.worded_forecast)

    async def _hourly(self, request: Request) -> Response:
        return await self._worded(request, nws_forecasts.hourly_forecast)

    async def _worded(self, request: Request, wording: nws_forecasts.Wording) -> Response:
        station = _cell(request)
        if station is None:
            return _no_cell()
        if self._newsroom.faults.find(Product.FORECAST, FaultKind.MISSING, station.icao):
            return _problem(503, "Forecast Grid Expired", "the requested forecast is unavailable")
        body = wording(self._newsroom.world, station, self._seen(station), _base(request))
        return await self._json(request, body, station)

    def _seen(self, station: Station) -> datetime:
        """The time up to which forecasts have come out."""
        return self._clock.now() - self._newsroom.faults.delay(Product.FORECAST, station.icao)

    async def _observations(self, request: Request) -> Response:
        station = _station(request)
        if station is None:
            return _problem(404, "Not Found", "no such station")
        query = request.query_params
        now = self._clock.now()
        try:
            start = _instant(query.get("start"), now - timedelta(days=7))
            end = min(_instant(query.get("end"), now), now)
            limit = int(query.get("limit", str(_MOST_OBSERVATIONS)))
        except ValueError as error:
            return _problem(400, "Bad Request", str(error))
        if not 1 <= limit <= _MOST_OBSERVATIONS:
            return _problem(400, "Bad Request", f"limit must be 1 to 500, not {limit}")
        found = self._seen_observations(station, max(start, now - timedelta(days=7)), end, request)
        body = nws_records.collection(found[:limit])
        return await self._json(request, body, station, Product.OBSERVATIONS)

    async def _latest(self, request: Request) -> Response:
        station = _station(request)
        if station is None:
            return _problem(404, "Not Found", "no such station")
        now = self._clock.now()
        found = self._seen_observations(station, now - timedelta(hours=6), now, request)
        if not found:
            return _problem(404, "Not Found", "no observation")
        return await self._json(request, found[0], station, Product.OBSERVATIONS)

    def _seen_observations(
        self, station: Station, start: datetime, end: datetime, request: Request
    ) -> list[Json]:
        faults = self._newsroom.faults
        if faults.find(Product.OBSERVATIONS, FaultKind.MISSING, station.icao):
            return []
        late = faults.delay(Product.OBSERVATIONS, station.icao)
        now = self._clock.now()
        world = self._newsroom.world
        return nws_records.observations(
            world, station, start, end, now=now, base=_base(request), late=late
        )

    async def _products(self, request: Request) -> Response:
        station = station_of_name(request.path_params["place"].upper())
        found = [] if station is None else self._reports(station)
        body = nws_records.product_list(found, _base(request))
        return await self._json(request, body, station, Product.CLI, media_type=_LINKED)

    async def _product(self, request: Request) -> Response:
        wanted = request.path_params["identifier"]
        for station in STATIONS:
            for bulletin in self._reports(station):
                if bulletin.identifier == wanted:
                    body = nws_records.product(bulletin, _base(request))
                    return await self._json(request, body, station, Product.CLI, media_type=_LINKED)
        return _problem(404, "Not Found", f"no product {wanted}")

    def _reports(self, station: Station) -> list[Bulletin]:
        """Climate reports of five days, newest first."""
        now = self._clock.now()
        bulletins = self._newsroom.bulletins("CLI", station, now)
        return list(takewhile(lambda found: found.seen_at > now - _RETENTION, bulletins))

    async def _json(
        self,
        request: Request,
        body: Json,
        station: Station | None,
        product: Product = Product.FORECAST,
        *,
        media_type: str = _GEO,
    ) -> Response:
        found = document(orjson.dumps(body), media_type, max_age_s=60)
        icao = None if station is None else station.icao
        return await answer(request, found, self._newsroom.faults, product, icao)


Endpoint = Callable[[Request], Awaitable[Response]]


def _polite(path: str, endpoint: Endpoint, *known: str) -> Route:
    """A route that refuses clients without a name, and parameters that it does not know."""

    async def checked(request: Request) -> Response:
        agent = request.headers.get("user-agent", "")
        if not agent or agent.startswith("python-"):
            return _problem(403, "Forbidden", "name yourself in a User-Agent header")
        unknown = set(request.query_params) - set(known)
        if unknown:
            return _problem(400, "Bad Request", f"no such parameter: {', '.join(sorted(unknown))}")
        return await endpoint(request)

    return Route(path, checked)


def _station(request: Request) -> Station | None:
    return next((s for s in STATIONS if s.icao == request.path_params["icao"]), None)


def _cell(request: Request) -> Station | None:
    found = request.path_params
    return nws_forecasts.station_of_cell(found["office"].upper(), found["x"], found["y"])


def _no_cell() -> Response:
    return _problem(404, "Not Found", "no such grid cell in this world")


def _base(request: Request) -> str:
    """The address under which the client reached this service, for the links in its answers."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}"


def _instant(text: str | None, otherwise: datetime) -> datetime:
    """An aware instant in UTC; ``ValueError`` where the text is none."""
    if text is None:
        return otherwise
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"an instant without a zone: {text}")
    return found.astimezone(UTC)


def _problem(status: int, title: str, detail: str) -> Response:
    body = orjson.dumps(nws_records.problem(status, title, detail))
    return Response(body, status, media_type=_PROBLEM)
