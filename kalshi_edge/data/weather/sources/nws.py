"""api.weather.gov: the weather office's own forecast of a day's maximum, a check on ours.

The grid says °C of whole °F, for the forecaster's daytime and not for the climate day: a value
belongs to the climate day that holds the middle of its span.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.fan_out import ask_each
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.data.weather.sources.wire import Grid, GridDocument, Point, PointDocument
from kalshi_edge.data.weather.wmo import plausible_f
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import BulletinError, SourceError
from kalshi_edge.units import fahrenheit, round_half_up

MODEL = "NWS"
RESOLVE_AGAIN = timedelta(days=7)
"""Places move on the grid: Central Park has been seen in three squares."""
OLDEST_UPDATE = timedelta(hours=14)
"""Every office writes its forecast anew at least twice a day."""
CLOCK_SKEW = timedelta(minutes=10)
LONGEST_SPAN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Square:
    point: Point
    resolved_at: datetime


class NwsForecastSource:
    """The maximum that the weather office expects, at each station, for today and the days after.

    Its forecasts have the model ``NWS``, a mean in whole °F and no spread.
    """

    def __init__(self, client: PoliteClient, stations: Sequence[Station], clock: Clock) -> None:
        self._stations = tuple(stations)
        self._clock = clock
        self._base = client.addresses.nws
        self._tally = Tally("NWS forecast", clock)
        self._pages = Pages(client, clock, self._tally)
        self._squares: dict[str, _Square] = {}
        self._news = Deduplicator()

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``cycle`` is the newest update of any office."""
        return self._tally.status()

    async def __call__(self) -> tuple[Forecast, ...]:
        """The forecasts that are new."""
        self._tally.begin()
        self._tally.is_stale = False
        found, unmet = await ask_each(self._stations, self._station)
        fresh = self._news.of(found)
        self._tally.end(fresh, unmet)
        return tuple(fresh)

    async def _station(self, station: Station) -> tuple[list[Forecast], list[SourceError]]:
        point = await self._point(station)
        place = f"{point.grid_id}/{point.grid_x},{point.grid_y}"
        url = f"{self._base}/gridpoints/{place}"
        try:
            document = await self._pages.read_as(GridDocument, url)
        except SourceError as error:
            if error.outcome == PollOutcome.MISSING:
                del self._squares[station.icao]  # the grid was redrawn: ask where we are
            raise
        grid, received_at = document.properties, self._clock.now()
        self._refuse(grid, point, received_at, url)
        forecasts = grid_forecasts(grid, station, received_at)
        if not forecasts:
            raise SourceError(f"{url}: no maximum from today on", outcome=PollOutcome.MISSING)
        self._tally.newest(grid.update_time)
        age = received_at - grid.update_time
        if age <= OLDEST_UPDATE:
            return forecasts, []
        self._tally.is_stale = True
        why = f"{station.icao}: forecast of {grid.update_time:%d %b %H:%M} UTC, {age} old"
        return forecasts, [SourceError(why, outcome=PollOutcome.LATE)]

    async def _point(self, station: Station) -> Point:
        known = self._squares.get(station.icao)
        now = self._clock.now()
        if known is not None and now - known.resolved_at < RESOLVE_AGAIN:
            return known.point
        # More digits, or zeros at the end, are answered with a redirection.
        url = f"{self._base}/points/{round(station.latitude, 4)},{round(station.longitude, 4)}"
        try:
            document = await self._pages.read_as(PointDocument, url)
        except SourceError as error:
            if known is None:
                raise
            self._tally.note(error)
            return known.point
        self._squares[station.icao] = _Square(document.properties, now)
        return document.properties

    def _refuse(self, grid: Grid, point: Point, received_at: datetime, url: str) -> None:
        """Raise ``SourceError`` where this is not the grid that was asked for, or of the future."""
        why = ""
        if grid.grid_id != point.grid_id:
            why = f"asked for {point.grid_id}, but got {grid.grid_id}"
        elif grid.update_time > received_at + CLOCK_SKEW:
            why = f"updated at {grid.update_time:%F %R} UTC, which is yet to come"
        if why:
            self._pages.forget(url)
            raise SourceError(f"{url}: {why}", outcome=PollOutcome.MALFORMED)


def grid_forecasts(grid: Grid, station: Station, received_at: datetime) -> list[Forecast]:
    """The maxima of a grid, by climate day from today on; the higher one where a day has two.

    Whole °F: ⌊1.8 c + 32 + ½⌋, as the grid's °C were made of whole °F. Raises ``SourceError`` for
    a value that no thermometer shows, or a span of more than a day.
    """
    highs: dict[date, int] = {}
    today = station.climate_day(received_at)
    for entry in grid.max_temperature.values:
        span = entry.valid_time
        if entry.value is None:
            continue
        if not timedelta() < span.length <= LONGEST_SPAN:
            why = f"{station.icao}: a maximum over {span.length} from {span.start_at}"
            raise SourceError(why, outcome=PollOutcome.MALFORMED)
        try:
            high_f = plausible_f(round_half_up(fahrenheit(entry.value)))
        except BulletinError as error:
            raise SourceError(f"{station.icao}: {error}", outcome=PollOutcome.MALFORMED) from error
        day = station.climate_day(span.middle_at)
        if day >= today:
            highs[day] = max(high_f, highs.get(day, high_f))
    return [
        Forecast(
            station=station.icao,
            climate_day=day,
            model=MODEL,
            version="",
            run_at=min(grid.update_time, received_at),
            received_at=received_at,
            mean_f=float(high_f),
        )
        for day, high_f in sorted(highs.items())
    ]
