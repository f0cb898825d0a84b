"""Where past guidance is asked for: tables of the archive, files of model output, single runs."""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kalshi_edge.clock import Clock
from kalshi_edge.data.weather.stations import STATIONS
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather import metar
from kalshi_sandbox.weather.faults import FaultKind, Product
from kalshi_sandbox.weather.http_rules import answer, document
from kalshi_sandbox.weather.models.files import bufkit_file, point_run
from kalshi_sandbox.weather.models.texts import extreme_f, hour_f, lamp_times, mos_times
from kalshi_sandbox.weather.office_table import short_name
from kalshi_sandbox.weather.product_feed import ARCHIVE_BEGINS, METAR_DELAY, Newsroom
from kalshi_sandbox.world.models import PointModel, nominal_runs, seen_at

_FILED = {"GFS": PointModel.GFSMOS, "NAM": PointModel.NAMMOS, "LAV": PointModel.LAMP}
_LAMP_FILED_HOURS = 38
_COLUMNS = ("runtime", "ftime", "model", "tmp", "dpt", "cld", "wdr", "wsp", "n_x", "station")
_BUFKIT = re.compile(
    r"(\d{4})/(\d\d)/(\d\d)/bufkit/(\d\d)/(?P<model>hrrr|rap)/(?P=model)_(?P<station>[a-z]{4})\.buf"
)
_ENSEMBLE = "ncep_gefs025_ensemble_mean"
_LONGEST = timedelta(days=62)


class PastGuidance:
    """Past runs of other models, and past readings."""

    def __init__(self, newsroom: Newsroom, clock: Clock) -> None:
        self._newsroom = newsroom
        self._clock = clock

    def archive_routes(self) -> list[Route]:
        """The archive's tables."""
        return [
            Route("/cgi-bin/request/mos.py", self._guidance),
            Route("/cgi-bin/request/asos.py", self._readings),
        ]

    def file_routes(self) -> list[Route]:
        """Files of model output."""
        return [Route("/{path:path}", self._file)]

    def point_routes(self) -> list[Route]:
        """Single runs."""
        return [Route("/v1/forecast", self._point)]

    async def _guidance(self, request: Request) -> Response:
        query = request.query_params
        station, model = _station(query.get("station", "")), _FILED.get(query.get("model", ""))
        span = _span(request)
        if station is None or model is None or span is None or query.get("format") != "csv":
            return Response("station, model, sts, ets and format=csv, please", 422)
        rows = list(self._guidance_rows(station, query["model"], model, *span))
        text = _table(_COLUMNS, rows)
        product = {"GFS": Product.MAV, "NAM": Product.MET, "LAV": Product.LAV}[query["model"]]
        return await self._answer(request, text.encode(), "text/plain", product, station)

    def _guidance_rows(
        self, station: Station, filed_as: str, model: PointModel, start: datetime, end: datetime
    ) -> Iterator[tuple[object, ...]]:
        world = self._newsroom.world
        for run_at in self._runs(model, station, start, end):
            filed_at = run_at.replace(minute=0)
            is_lamp = model is PointModel.LAMP
            times = lamp_times(run_at, _LAMP_FILED_HOURS) if is_lamp else mos_times(run_at)
            for at in times:
                extreme = None if is_lamp else extreme_f(world, model, station, at, run_at)
                yield (
                    f"{filed_at:%Y-%m-%d %H:%M:%S}",
                    f"{at:%Y-%m-%d %H:%M:%S}",
                    filed_as,
                    hour_f(world, model, station, at, run_at),
                    "", "SC", "", "5",
                    "" if extreme is None else extreme,
                    station.icao,
                )  # fmt: skip

    def _runs(
        self, model: PointModel, station: Station, start: datetime, end: datetime
    ) -> Iterator[datetime]:
        """The runs filed in ``[start, end]`` that are there by now."""
        product = {
            PointModel.GFSMOS: Product.MAV,
            PointModel.NAMMOS: Product.MET,
            PointModel.LAMP: Product.LAV,
            PointModel.HRRR: Product.BUFKIT,
            PointModel.RAP: Product.BUFKIT,
            PointModel.GEFS: Product.POINT,
        }[model]
        faults, now = self._newsroom.faults, self._clock.now()
        if faults.find(product, FaultKind.MISSING, station.icao):
            return
        day = max(start.date(), ARCHIVE_BEGINS)
        while day <= end.date():
            for run_at in nominal_runs(model, day):
                late = faults.delay(product, station.icao)
                is_there = seen_at(self._newsroom.world, model, run_at) + late <= now
                if is_there and start <= run_at.replace(minute=0) <= end:
                    yield run_at
            day += timedelta(days=1)

    async def _readings(self, request: Request) -> Response:
        query = request.query_params
        station = _station("K" + query.get("station", ""))
        span = _span(request)
        if station is None or span is None or query.get("data") != "metar":
            return Response("station, data=metar, sts and ets, please", 422)
        world, now = self._newsroom.world, self._clock.now()
        is_missing = self._newsroom.faults.find(Product.ASOS, FaultKind.MISSING, station.icao)
        times = [] if is_missing else metar.report_times(station, *span)
        rows = [
            (
                short_name(station),
                f"{at:%Y-%m-%d %H:%M}",
                metar.metar(world, station, at).removeprefix("METAR "),
            )
            for at in times
            if at + METAR_DELAY <= now
        ]
        text = _table(("station", "valid", "metar"), rows)
        return await self._answer(request, text.encode(), "text/plain", Product.ASOS, station)

    async def _file(self, request: Request) -> Response:
        found = _BUFKIT.fullmatch(request.path_params["path"])
        station = None if found is None else _station(found["station"].upper())
        if found is None or station is None:
            return Response("404 Not Found", 404)
        model = PointModel(found["model"].upper())
        run_at = _run_at(*(int(found[part]) for part in (1, 2, 3, 4)))
        if run_at is None or not self._is_there(model, station, run_at):
            return Response("404 Not Found", 404)
        body = bufkit_file(self._newsroom.world, model, station, run_at)
        return await self._answer(request, body, "text/plain", Product.BUFKIT, station)

    async def _point(self, request: Request) -> Response:
        query = request.query_params
        near = (query.get("latitude", ""), query.get("longitude", ""))
        station = next((s for s in STATIONS if (str(s.latitude), str(s.longitude)) == near), None)
        wants = (query.get("models"), query.get("hourly"), query.get("temperature_unit", "celsius"))
        if station is None or wants != (
            _ENSEMBLE,
            "temperature_2m,temperature_2m_spread",
            "celsius",
        ):
            return Response('{"error":true,"reason":"Cannot initialize"}', 400)
        try:
            run_at = datetime.fromisoformat(query.get("run", "")).replace(tzinfo=UTC)
        except ValueError:
            return Response('{"error":true,"reason":"Invalid run"}', 400)
        if not self._is_there(PointModel.GEFS, station, run_at):
            return Response('{"error":true,"reason":"modelRunUnavailable"}', 400)
        body = orjson.dumps(point_run(self._newsroom.world, PointModel.GEFS, station, run_at))
        return await self._answer(request, body, "application/json", Product.POINT, station)

    def _is_there(self, model: PointModel, station: Station, run_at: datetime) -> bool:
        return any(self._runs(model, station, run_at, run_at))

    async def _answer(
        self, request: Request, body: bytes, kind: str, product: Product, station: Station
    ) -> Response:
        found = document(body, kind)
        return await answer(request, found, self._newsroom.faults, product, station.icao)


def _run_at(year: int, month: int, day: int, hour: int) -> datetime | None:
    try:
        return datetime(year, month, day, hour, tzinfo=UTC)
    except ValueError:
        return None


def _station(icao: str) -> Station | None:
    return next((station for station in STATIONS if station.icao == icao), None)


def _span(request: Request) -> tuple[datetime, datetime] | None:
    """From ``sts`` to ``ets``, UTC; ``None`` where there is no such time, or too much of it."""
    try:
        start, end = (
            datetime.fromisoformat(request.query_params.get(name, "")) for name in ("sts", "ets")
        )
    except ValueError:
        return None
    start, end = (at.replace(tzinfo=UTC) if at.tzinfo is None else at for at in (start, end))
    return (start, end) if start <= end <= start + _LONGEST else None


def _table(names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([names, *rows])
    return text.getvalue()
