"""What the thermometers say: METARs of all stations in one answer, else each from the NWS.

The aviation server has a report within a minute or two, the NWS up to twenty later; the NWS also
gives readings without a METAR, in whole °C. Central Park has one report an hour, and no neighbour
stands in for it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.data.weather.metar import fahrenheit_candidates, parse_metars
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.fan_out import Answer, ask_each
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.data.weather.sources.wire import CELSIUS, ObservationsDocument, ObservedValues
from kalshi_edge.data.weather.wmo import plausible_f
from kalshi_edge.domain.weather import Basis, Observation, Station
from kalshi_edge.errors import InputError, SourceError

LATEST = timedelta(hours=2)
"""A station without a report for so long is silent: they come every hour."""
FIRST_HOURS, LATER_HOURS = 30, 3
"""How far back the first asking goes, for the whole climate day, and the later ones."""
FIRST_REPORTS, LATER_REPORTS = 400, 50
"""The same for the NWS, in reports: up to thirteen an hour."""
PASSED_CHECKS = {"V", "C", "S", "G"}
"""Verified, coarsely checked, screened, or good by hand."""


class ObservationSource:
    """The temperatures of all stations, with the windows that they are the maximum of."""

    def __init__(self, client: PoliteClient, stations: Sequence[Station], clock: Clock) -> None:
        self._stations = tuple(stations)
        self._icaos = {station.icao for station in stations}
        self._clock = clock
        self._addresses = client.addresses
        self._tally = Tally("observations", clock)
        self._pages = Pages(client, clock, self._tally)
        self._last_at: dict[str, datetime] = {}
        self._news = Deduplicator()

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``cycle`` is the newest report of any station."""
        return self._tally.status()

    async def __call__(self) -> tuple[Observation, ...]:
        """The readings that are new."""
        self._tally.begin()
        found = await self._from_aviation()
        silent = self._silent()
        more, unmet = await ask_each(silent, self._from_nws)
        found += self._kept(more)
        silent = self._silent()
        if silent and not unmet:
            names = ", ".join(station.icao for station in silent)
            why = f"no report of {names} within {LATEST}"
            unmet = [SourceError(why, outcome=PollOutcome.LATE)]
        self._tally.is_stale = bool(silent)
        self._tally.end(found, unmet if silent else [])
        return tuple(found)

    def _silent(self) -> list[Station]:
        """The stations of which there is no late report."""
        since = self._clock.now() - LATEST
        never = datetime.min.replace(tzinfo=since.tzinfo)
        return [one for one in self._stations if self._last_at.get(one.icao, never) < since]

    def _kept(self, observations: Iterable[Observation]) -> list[Observation]:
        ours = [
            one
            for one in observations
            # What our clock takes for the future is believed once it is past.
            if one.station in self._icaos and one.end_at <= one.received_at
        ]
        for one in ours:
            self._last_at[one.station] = max(one.end_at, self._last_at.get(one.station, one.end_at))
            self._tally.newest(one.end_at)
        return self._news.of(ours)

    # --- all at once --------------------------------------------------------------------------

    async def _from_aviation(self) -> list[Observation]:
        ids = ",".join(sorted(self._icaos))
        hours = FIRST_HOURS if self._silent() else LATER_HOURS
        url = f"{self._addresses.aviation}/api/data/metar?ids={ids}&format=raw&hours={hours}"
        try:
            page = await self._pages.read(url)
        except SourceError as error:
            self._tally.note(error)
            return []
        text = page.decode("ascii", "replace")
        return self._kept(self._metars(text))

    def _metars(self, text: str) -> tuple[Observation, ...]:
        observations, faults = parse_metars(text, received_at=self._clock.now())
        if faults:
            self._tally.note(faults[0])
        return observations

    # --- one by one ---------------------------------------------------------------------------

    async def _from_nws(self, station: Station) -> Answer[Observation]:
        limit = LATER_REPORTS if station.icao in self._last_at else FIRST_REPORTS
        url = f"{self._addresses.nws}/stations/{station.icao}/observations?limit={limit}"
        document = await self._pages.read_as(ObservationsDocument, url)
        reports = [feature.properties for feature in document.features]
        text = "=\n".join(report.raw_message for report in reports if report.raw_message)
        observations = list(self._metars(text))
        for report in reports:
            if not report.raw_message:
                try:
                    observations += whole_celsius(station, report, self._clock.now())
                except InputError as error:
                    self._tally.note(error)
        return observations, []


def whole_celsius(
    station: Station, report: ObservedValues, received_at: datetime
) -> tuple[Observation, ...]:
    """The reading of a report without a METAR: whole °C, mostly two candidates in °F.

    None where there is no value or it has not passed the office's checks. Raises ``InputError``
    where the value is not in whole °C, which only a METAR's may be.
    """
    reading, at = report.temperature, report.timestamp
    if reading.value is None or reading.quality_control not in PASSED_CHECKS:
        return ()
    if reading.unit_code not in CELSIUS or reading.value != int(reading.value):
        raise InputError(
            f"{station.icao} at {at:%F %R}: {reading.value} {reading.unit_code}, without a METAR"
        )
    candidates = fahrenheit_candidates(int(reading.value))
    low_f, high_f = plausible_f(candidates[0]), plausible_f(candidates[-1])
    return (Observation(station.icao, Basis.WHOLE_CELSIUS, at, at, low_f, high_f, received_at),)
