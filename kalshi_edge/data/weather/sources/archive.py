"""Past bulletins and climate reports, each received when it could first have been.

A file of the object store was there from the time that its server gives for it; what does not say
when it came is taken as late as it usually is.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.data.weather.nbm.block import block_header, blocks
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.sources.bulletin_reader import FileReader
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import NBP, OVERDUE
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.data.weather.sources.reports import archived_report
from kalshi_edge.data.weather.sources.wire import ClimateDocument
from kalshi_edge.domain.weather import ClimateReport, Forecast, Station
from kalshi_edge.errors import BulletinError, SourceError

REPORT_DELAY = timedelta(minutes=10)
"""From a climate report's issue to our having it: it goes round within a few minutes."""
_NONE = {PollOutcome.MISSING, PollOutcome.REFUSED}


def runs_before_end(day: date) -> tuple[datetime, ...]:
    """The NBP's runs from noon of the day before to the last that holds ``day``, oldest first.

    >>> [f"{at:%d %H}Z" for at in runs_before_end(date(2026, 11, 22))]
    ['21 12Z', '21 13Z', '21 19Z', '22 00Z', '22 01Z', '22 07Z']
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    offsets = sorted(hour - 24 if hour >= 12 else hour for hour in NBP.hours)
    return tuple(midnight + timedelta(hours=hour) for hour in offsets)


class PastWeather:
    """The archives' word on days that are over. All methods raise ``SourceError``."""

    def __init__(self, client: PoliteClient, clock: Clock, layouts: LayoutCache) -> None:
        self._addresses = client.addresses
        self._layouts = layouts
        self._tally = Tally("past weather", clock)
        self._files = FileReader(client, self._tally)
        self._pages = Pages(client, clock, self._tally)
        self.unread: tuple[str, ...] = ()
        """What of the archive's list made no sense when a day's report was last looked for."""

    @property
    def bytes_moved(self) -> int:
        """Bytes of bodies received so far."""
        return self._tally.bytes_moved

    async def forecasts(self, station: Station, run_at: datetime) -> Sequence[Forecast]:
        """One run's word on all its days; none where neither place has it."""
        try:
            text, received_at = await self._from_bucket(station, run_at)
        except SourceError as error:
            if error.outcome not in _NONE:
                raise
            text, received_at = b"", run_at
        if not text:
            text, received_at = await self._from_archive(station, run_at), run_at + OVERDUE
        if not text:
            return ()
        try:
            found = parse_nbp(text, received_at=received_at, stations={station.icao})
        except BulletinError as error:
            raise SourceError(f"{station.icao}: {error}", outcome=PollOutcome.MALFORMED) from error
        return found.forecasts

    async def report(self, station: Station, day: date) -> ClimateReport | None:
        """The first final climate report of a day, with its high; ``None`` if there is none.

        An entry that cannot be read costs only itself; ``status`` says what is wrong with it.
        """
        url = f"{self._addresses.iem}/json/cli.py?station={station.icao}&year={day.year}"
        document = await self._pages.read_as(ClimateDocument, url)
        found: list[ClimateReport] = []
        faults: list[SourceError] = []
        for entry in document.of_days({day}, url):
            try:
                if isinstance(entry, SourceError):
                    raise entry
                received_at = entry.product.issued_at + REPORT_DELAY
                found.append(archived_report(entry, station, received_at))
            except SourceError as error:
                faults.append(error)
        if faults:
            self._tally.end((), faults)
        self.unread = tuple(str(fault) for fault in faults)
        finals = [one for one in found if one.is_final and one.high_f is not None]
        return min(finals, key=lambda one: one.version, default=None)

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``error`` is the last thing that could not be read."""
        return self._tally.status()

    async def _from_bucket(self, station: Station, run_at: datetime) -> tuple[bytes, datetime]:
        url = f"{self._addresses.bucket}/blend.{run_at:%Y%m%d/%H}/text/{NBP.file}.t{run_at:%H}z"
        layout = self._layouts.layout(NBP.name, run_at.hour, [station.icao])
        reading = await self._files.read(url, [station.icao], layout)
        assert reading is not None  # nothing was excepted
        if reading.fault is not None:
            raise reading.fault
        if reading.layout is not None:
            self._layouts.remember(NBP.name, run_at.hour, reading.layout)
        text = _of_run(reading.blocks.get(station.icao, b""), station, run_at)
        return text, max(reading.modified_at or run_at + OVERDUE, run_at)

    async def _from_archive(self, station: Station, run_at: datetime) -> bytes:
        until = run_at + timedelta(days=1)
        url = (
            f"{self._addresses.iem}/cgi-bin/afos/retrieve.py?pil={NBP.name}{station.icao[1:]}"
            f"&fmt=text&limit=12&order=asc&sdate={run_at:%Y-%m-%dT%H:%M}"
            f"&edate={until:%Y-%m-%dT%H:%M}"
        )
        return _of_run(await self._pages.read(url), station, run_at)


def _of_run(text: bytes, station: Station, run_at: datetime) -> bytes:
    """The station's block of the run in ``text``; empty where it is not in there."""
    for block in blocks(text):
        part = text[block.start : block.end]
        if block.station == station.icao:
            header = block_header(part.partition(b"\n")[0])
            if header.run_at == run_at:
                return part
    return b""
