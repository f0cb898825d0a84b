"""MOS and LAMP as they come: the newest text of each station from the archive's text service."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.data.weather.guidance.block import Guidance
from kalshi_edge.data.weather.guidance.lamp import parse_lav
from kalshi_edge.data.weather.guidance.mos import parse_mav, parse_met
from kalshi_edge.data.weather.nbm.block import MARK
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.fan_out import Answer, ask_each
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import SourceError

PARSERS: Mapping[str, Callable[..., Guidance]] = MappingProxyType(
    {"MAV": parse_mav, "MET": parse_met, "LAV": parse_lav}
)
"""By the first letters of a text's name."""
OLD: Mapping[str, timedelta] = MappingProxyType(
    {"MAV": timedelta(hours=13), "MET": timedelta(hours=20), "LAV": timedelta(hours=3)}
)
"""A newest run as old as this is late: two runs are missing."""


class GuidanceSource:
    """One product's newest forecasts of all stations. It trades nothing by itself."""

    def __init__(
        self, product: str, client: PoliteClient, stations: Sequence[Station], clock: Clock
    ) -> None:
        """``product`` is one of ``PARSERS``."""
        self._product, self._parse = product, PARSERS[product]
        self._stations = tuple(stations)
        self._clock = clock
        self._addresses = client.addresses
        self._tally = Tally(product, clock)
        self._pages = Pages(client, clock, self._tally)
        self._news = Deduplicator()

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``cycle`` is the newest run of any station."""
        return self._tally.status()

    async def __call__(self) -> tuple[Forecast, ...]:
        """The forecasts that are new."""
        self._tally.begin()
        found, unmet = await ask_each(self._stations, self._station)
        now, cycle = self._clock.now(), self._tally.cycle
        self._tally.is_stale = cycle is None or now - cycle > OLD[self._product]
        if self._tally.is_stale and not unmet:
            newest = "none" if cycle is None else f"{cycle:%d %b %H:%M} UTC"
            why = f"{self._product}: the newest run is {newest}"
            unmet = [SourceError(why, outcome=PollOutcome.LATE)]
        self._tally.end(found, unmet)
        return tuple(found)

    async def _station(self, station: Station) -> Answer[Forecast]:
        pil = f"{self._product}{station.icao[1:]}"
        url = f"{self._addresses.iem}/cgi-bin/afos/retrieve.py?pil={pil}&fmt=text&limit=1"
        text = await self._pages.read(url)
        if MARK not in text:
            return [], []  # the archive has none: a station without guidance, or too early
        found = self._parse(text, received_at=self._clock.now(), stations={station.icao})
        for forecast in found.forecasts:
            self._tally.newest(forecast.run_at)
        unmet = [SourceError(str(one), outcome=PollOutcome.MALFORMED) for one in found.faults]
        return self._news.of(found.forecasts), unmet
