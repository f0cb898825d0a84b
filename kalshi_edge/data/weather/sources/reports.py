"""Climate reports: what settles a day, as the weather office words it.

The text from the NWS, where the newest ten or so are to be had; where that fails or a day's final
report is missing for long, the archive's reading of it. A text that cannot be read is said to be
so, once, and its day left to the archive; an entry of the archive that cannot be read costs its own
day, and is named until that day is there.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.history.records import check_times
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.data.weather.cli import own_place, parse_places
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.fan_out import Answer, ask_each
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.data.weather.sources.wire import (
    ClimateDocument,
    ClimateEntry,
    ProductDocument,
    ProductEntry,
    ProductsDocument,
)
from kalshi_edge.data.weather.wmo import plausible_f
from kalshi_edge.domain.weather import ClimateReport, Station
from kalshi_edge.errors import BulletinError, HistoryError, SourceError

FINAL_WITHIN = timedelta(hours=7)
"""After the end of the day; the latest usual ones come four and a half hours after it."""
DAYS_BACK = 3
"""Climate days whose final report is looked for."""
LOOK_BACK = timedelta(days=5)
"""Texts older than this are of no interest; the NWS keeps them about as long."""
ARCHIVE_AGAIN = timedelta(minutes=15)


class ClimateReportSource:
    """The reports of all stations, intermediate and final."""

    def __init__(self, client: PoliteClient, stations: Sequence[Station], clock: Clock) -> None:
        self._stations = tuple(stations)
        self._clock = clock
        self._addresses = client.addresses
        self._tally = Tally("climate reports", clock)
        self._pages = Pages(client, clock, self._tally)
        self._read: dict[str, datetime] = {}
        """Texts done with, and when."""
        self._finals: set[tuple[str, date]] = set()
        self._archive_at: dict[str, datetime] = {}
        self._unread: dict[str, list[SourceError]] = {}
        """By station what the archive's list held at the last asking that made no sense."""
        self._news = Deduplicator()

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``cycle`` is the newest issue of any report."""
        return self._tally.status()

    async def __call__(self) -> tuple[ClimateReport, ...]:
        """The reports that are new."""
        self._tally.begin()
        now = self._clock.now()
        self._read = {name: at for name, at in self._read.items() if now - at < 2 * LOOK_BACK}
        self._finals = {key for key in self._finals if now.date() - key[1] < 2 * LOOK_BACK}
        reports, unmet = await ask_each(self._stations, self._station)
        self._tally.is_stale = any(self._overdue(station) for station in self._stations)
        self._tally.end(reports, unmet)
        return tuple(reports)

    async def _station(self, station: Station) -> Answer[ClimateReport]:
        fresh, faults = await self._from_nws(station)
        if (faults or self._overdue(station)) and self._may_ask_archive(station):
            try:
                fresh += await self._from_archive(station)
            except SourceError as error:
                faults.append(error)
            else:
                for fault in faults:
                    self._tally.note(fault)
                faults = []
        overdue = self._overdue(station)
        if overdue and not faults:
            days = ", ".join(f"{day:%d %b}" for day in overdue)
            why = f"{station.report}: no final report of {days}"
            faults = [SourceError(why, outcome=PollOutcome.LATE)]
            faults += self._unread.get(station.icao, [])
        return fresh, faults

    def _overdue(self, station: Station) -> list[date]:
        """The days of the last few whose final report should be here and is not."""
        now = self._clock.now()
        last = station.climate_day(now - FINAL_WITHIN) - timedelta(days=1)
        days = [last - timedelta(days=back) for back in range(DAYS_BACK)]
        return [day for day in days if (station.report, day) not in self._finals]

    def _taken(self, reports: list[ClimateReport]) -> list[ClimateReport]:
        """What is new of these reports; raises ``SourceError`` for one ahead of its time."""
        for report in reports:
            try:
                check_times(report)
            except HistoryError as error:
                raise SourceError(
                    f"{report.report}: {error}", outcome=PollOutcome.MALFORMED
                ) from error
            self._tally.newest(report.valid_at)
            if report.is_final:
                self._finals.add((report.report, report.climate_day))
        return self._news.of(reports)

    # --- texts --------------------------------------------------------------------------------

    async def _from_nws(self, station: Station) -> Answer[ClimateReport]:
        url = f"{self._addresses.nws}/products/types/CLI/locations/{station.report[3:]}"
        try:
            entries = (await self._pages.read_as(ProductsDocument, url)).graph
        except SourceError as error:
            return [], [error]
        since = self._clock.now() - LOOK_BACK
        unread = [e for e in entries if e.id not in self._read and e.issuance_time > since]
        fresh: list[ClimateReport] = []
        faults: list[SourceError] = []
        for entry in sorted(unread, key=lambda entry: entry.issuance_time):
            try:
                fresh += await self._text(station, entry)
            except SourceError as error:
                faults.append(error)
        return fresh, faults

    async def _text(self, station: Station, entry: ProductEntry) -> list[ClimateReport]:
        """What one text says. One that came whole is not asked for again, readable or not."""
        url = f"{self._addresses.nws}/products/{entry.id}"
        document = await self._pages.read_as(ProductDocument, url)
        received_at = self._clock.now()
        reports = self._of_station(document.product_text, station, received_at)
        fresh = self._taken(reports)
        self._read[entry.id] = received_at
        return fresh

    def _of_station(
        self, text: str, station: Station, received_at: datetime
    ) -> list[ClimateReport]:
        """The station's own reports in a text, which may be about several places."""
        reports: list[ClimateReport] = []
        try:
            places = parse_places(text, received_at=received_at)
            own = own_place({place for place, _ in places}, station)
        except BulletinError as error:
            self._tally.note(error)
            return []
        for place, read in places:
            if isinstance(read, BulletinError):
                self._tally.note(read)
            elif read.report != station.report:
                got = f"asked for {station.report}, but got {read.report} {place}"
                self._tally.note(BulletinError(got))
            elif place == own:
                reports.append(read)
        return reports

    # --- the archive --------------------------------------------------------------------------

    def _may_ask_archive(self, station: Station) -> bool:
        now, last_at = self._clock.now(), self._archive_at.get(station.icao)
        if last_at is not None and now - last_at < ARCHIVE_AGAIN:
            return False
        self._archive_at[station.icao] = now
        return True

    async def _from_archive(self, station: Station) -> list[ClimateReport]:
        today = station.climate_day(self._clock.now())
        days = {today - timedelta(days=back) for back in range(DAYS_BACK + 2)}
        wanted = {day for day in days if (station.report, day) not in self._finals}
        found: list[ClimateReport] = []
        unread = self._unread[station.icao] = []
        for year in sorted({day.year for day in wanted}):
            url = f"{self._addresses.iem}/json/cli.py?station={station.icao}&year={year}"
            document = await self._pages.read_as(ClimateDocument, url)
            for entry in document.of_days(wanted, url):
                try:
                    if isinstance(entry, SourceError):
                        raise entry
                    found += self._taken([archived_report(entry, station, self._clock.now())])
                except SourceError as error:
                    self._tally.note(error)
                    unread.append(error)
        return found


def archived_report(entry: ClimateEntry, station: Station, received_at: datetime) -> ClimateReport:
    """A climate report as the archive has read it; final where it was issued after its day.

    Raises ``SourceError`` where it is another station's, or its figures cannot be.
    """
    product = entry.product
    if (entry.station, product.report) != (station.icao, station.report):
        why = f"asked for {station.icao} {station.report}, but got {entry.station} {product.report}"
        raise SourceError(why, outcome=PollOutcome.MALFORMED)
    high_f, low_f = (None if value == "M" else value for value in (entry.high, entry.low))
    try:
        for value in (high_f, low_f):
            if value is not None:
                plausible_f(value)
    except BulletinError as error:
        raise SourceError(f"{station.report}: {error}", outcome=PollOutcome.MALFORMED) from error
    return ClimateReport(
        report=product.report,
        climate_day=entry.valid,
        high_f=high_f,
        low_f=low_f,
        is_final=product.issued_at >= station.day_end(entry.valid),
        is_corrected=product.correction > 0,
        is_record=False,
        issued_at=product.issued_at,
        received_at=received_at,
        correction=product.correction,
    )
