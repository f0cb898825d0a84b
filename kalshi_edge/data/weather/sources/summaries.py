"""Daily summary messages: the sensor's own maximum so far, several times a day."""

from collections.abc import Sequence

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import SourceStatus, Tally
from kalshi_edge.data.weather.dsm import daily_maximum, parse_dsms
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.fan_out import Answer, ask_each
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.domain.weather import Observation, Station
from kalshi_edge.errors import InputError

LATEST = 4
"""Messages asked for: one or two a day of each station, four at most."""


class SummarySource:
    """The summaries of all stations. A station without any is silent, which is no error."""

    def __init__(self, client: PoliteClient, stations: Sequence[Station], clock: Clock) -> None:
        self._stations = tuple(stations)
        self._clock = clock
        self._addresses = client.addresses
        self._tally = Tally("daily summaries", clock)
        self._pages = Pages(client, clock, self._tally)
        self._news = Deduplicator()

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``cycle`` is how far the newest summary goes."""
        return self._tally.status()

    async def __call__(self) -> tuple[Observation, ...]:
        """The maxima that are new."""
        self._tally.begin()
        found, unmet = await ask_each(self._stations, self._station)
        self._tally.end(found, unmet)
        return tuple(found)

    async def _station(self, station: Station) -> Answer[Observation]:
        pil = f"DSM{station.icao[1:]}"
        url = f"{self._addresses.iem}/cgi-bin/afos/retrieve.py?pil={pil}&fmt=text&limit={LATEST}"
        text = (await self._pages.read(url)).decode("ascii", "replace")
        summaries, faults = parse_dsms(text, received_at=self._clock.now())
        for fault in faults:
            self._tally.note(fault)
        maxima: list[Observation] = []
        for summary in summaries:
            if summary.station != station.icao:
                continue
            try:
                maximum = daily_maximum(summary)
            except InputError as error:
                self._tally.note(error)
                continue
            if maximum is not None:
                maxima.append(maximum)
                self._tally.newest(maximum.end_at)
        return self._news.of(maxima), []
