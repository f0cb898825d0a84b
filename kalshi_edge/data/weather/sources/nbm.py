"""The NBM's bulletins: the newest run that holds each day that is traded, from wherever it is.

The object store first, the model's own server next, one station at a time from the archive last. A
block is what its header says it is: another station or run than the one asked for is never used.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus, Tally
from kalshi_edge.data.weather.nbm.block import block_header, blocks
from kalshi_edge.data.weather.nbm.nbp import parse_nbp
from kalshi_edge.data.weather.nbm.nbs import parse_nbs
from kalshi_edge.data.weather.sources.bulletin_reader import BulletinReading, FileReader
from kalshi_edge.data.weather.sources.deduplication import Deduplicator
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.layout_cache import LayoutCache
from kalshi_edge.data.weather.sources.model_runs import OVERDUE, Product, target_days
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import BulletinError, SourceError

LOOK_AGAIN = timedelta(minutes=10)
"""A run that is complete is looked at again only this often, in case it was replaced; and as often
is the one-station service asked."""
FORGET = timedelta(days=4)


@dataclass(slots=True)
class _Run:
    """What is held of one run, and what went wrong with it in the last asking."""

    held: set[tuple[str, date]] = field(default_factory=set)
    url: str = ""
    etag: str = ""
    """Of the file that was read."""
    looked_at: datetime | None = None
    faults: list[SourceError] = field(default_factory=list)
    """All but that a file is not there."""


class NbmSource:
    """One product's forecasts of the days that are traded, of all stations."""

    def __init__(
        self,
        product: Product,
        client: PoliteClient,
        stations: Sequence[Station],
        clock: Clock,
        *,
        layouts: LayoutCache | None = None,
    ) -> None:
        self._product = product
        self._parse = parse_nbp if product.name == "NBP" else parse_nbs
        self._stations = {station.icao: station for station in stations}
        self._clock = clock
        self._addresses = client.addresses
        self._layouts = layouts or LayoutCache()
        self._tally = Tally(product.name, clock)
        self._pages = Pages(client, clock, self._tally)
        self._files = FileReader(client, self._tally)
        self._runs: dict[datetime, _Run] = {}
        self._archive: dict[str, tuple[datetime, bytes]] = {}
        """By station: when the one-station service was asked, and its answer."""
        self._news = Deduplicator()

    @property
    def status(self) -> SourceStatus:
        """How it is now; ``cycle`` is the newest run of which anything is held."""
        return self._tally.status()

    async def __call__(self) -> tuple[Forecast, ...]:
        """The forecasts that are new, the days in progress and their next ones at least."""
        now = self._clock.now()
        self._tally.begin()
        self._runs = {at: run for at, run in self._runs.items() if now - at < FORGET}
        for run in self._runs.values():
            run.faults = []
        forecasts: list[Forecast] = []
        unmet: list[SourceError] = []
        asked: set[datetime] = set()
        self._tally.is_stale = False
        for day in target_days(self._stations.values(), now):
            candidates = self._product.candidates(day, now)
            for run_at in candidates:
                if run_at not in asked:
                    asked.add(run_at)
                    forecasts += await self._update(run_at, day, now)
                if not self._missing(run_at, day):
                    break
            unmet += self._unmet(day, candidates, now)
        self._tally.end(forecasts, unmet)
        return tuple(forecasts)

    def _missing(self, run_at: datetime, day: date) -> set[str]:
        held = self._runs[run_at].held if run_at in self._runs else set()
        return {icao for icao in self._stations if (icao, day) not in held}

    def _unmet(self, day: date, candidates: Iterable[datetime], now: datetime) -> list[SourceError]:
        """What keeps the newest run from being held for ``day``, where that is more than time."""
        for run_at in candidates:
            missing = self._missing(run_at, day)
            if not missing:
                return []
            due_at = run_at + OVERDUE
            self._tally.is_stale |= now >= due_at
            run = self._runs.get(run_at)
            if run is not None and run.faults:
                return run.faults[:1]
            if now >= due_at:
                who = "all" if len(missing) == len(self._stations) else ", ".join(sorted(missing))
                why = (
                    f"{self._product.name} of {run_at:%d %b %H} UTC for {day:%d %b} should have"
                    f" been there by {due_at:%H:%M} UTC: {who} missing"
                )
                return [SourceError(why, outcome=PollOutcome.LATE)]
        return []

    # --- one run ------------------------------------------------------------------------------

    async def _update(self, run_at: datetime, day: date, now: datetime) -> list[Forecast]:
        """What is new of one run; faults are kept with it."""
        run = self._runs.setdefault(run_at, _Run())
        missing = self._missing(run_at, day)
        if not missing:
            return await self._look_again(run_at, run, now)
        fresh: list[Forecast] = []
        for base in (self._addresses.bucket, self._addresses.nomads):
            fresh += await self._from_file(self._url(base, run_at), run_at, missing)
            missing &= self._missing(run_at, day)
            if not missing:
                return fresh
        is_wanting = bool(run.faults or run.held) or now >= run_at + OVERDUE
        if is_wanting:
            fresh += await self._from_archive(run_at, missing)
        return fresh

    def _url(self, base: str, run_at: datetime) -> str:
        return f"{base}/blend.{run_at:%Y%m%d/%H}/text/{self._product.file}.t{run_at:%H}z"

    async def _look_again(self, run_at: datetime, run: _Run, now: datetime) -> list[Forecast]:
        """A file that was read may be replaced by a better one."""
        if not run.etag or run.looked_at is None or now - run.looked_at < LOOK_AGAIN:
            return []
        return await self._from_file(run.url, run_at, self._stations, unless=run.etag)

    async def _from_file(
        self, url: str, run_at: datetime, stations: Collection[str], unless: str = ""
    ) -> list[Forecast]:
        run = self._runs[run_at]
        layout = self._layouts.layout(self._product.name, run_at.hour, self._stations)
        try:
            searches = url.startswith(self._addresses.bucket)
            reading = await self._files.read(url, stations, layout, unless, searches=searches)
        except SourceError as fault:
            self._keep(run, fault)
            return []
        run.looked_at = self._clock.now()
        if reading is None:
            return []
        if reading.fault is not None:
            self._keep(run, reading.fault)
        run.url, run.etag = url, reading.etag
        self._remember(run_at.hour, reading)
        return self._accepted(reading.blocks, run_at)

    async def _from_archive(self, run_at: datetime, stations: Collection[str]) -> list[Forecast]:
        found: dict[str, bytes] = {}
        for icao in sorted(stations):
            try:
                text = await self._archived(icao)
            except SourceError as fault:
                self._keep(self._runs[run_at], fault)
                continue
            for block in blocks(text):
                part = text[block.start : block.end]
                if block.station == icao and _run_at(part) == run_at:
                    found[icao] = part
        return self._accepted(found, run_at)

    async def _archived(self, icao: str) -> bytes:
        """The last bulletins of one station, as of the last ten minutes."""
        asked_at, text = self._archive.get(icao, (None, b""))
        now = self._clock.now()
        if asked_at is None or now - asked_at >= LOOK_AGAIN:
            self._archive[icao] = (now, b"")
            pil = f"{self._product.name}{icao[1:]}"
            url = f"{self._addresses.iem}/cgi-bin/afos/retrieve.py?pil={pil}&fmt=text&limit=6"
            text = await self._pages.read(url)
            self._archive[icao] = (now, text)
        return text

    def _accepted(self, found: Mapping[str, bytes], run_at: datetime) -> list[Forecast]:
        """What is new in these blocks; one of another run, or that cannot be read, is a fault."""
        run, received_at = self._runs[run_at], self._clock.now()
        fresh: list[Forecast] = []
        for station, text in found.items():
            if _run_at(text) != run_at:
                header = text.partition(b"\n")[0].decode("ascii", "replace").strip()
                self._unread(run, f"asked for {run_at:%F %H} UTC, but got {header!r}")
                continue
            try:
                bulletin = self._parse(text, received_at=received_at, stations={station})
            except BulletinError as error:
                self._unread(run, str(error))
                continue
            for fault in bulletin.faults:
                self._unread(run, str(fault))
            run.held |= {(station, forecast.climate_day) for forecast in bulletin.forecasts}
            fresh += self._news.of(bulletin.forecasts)
        if run.held:
            self._tally.newest(run_at)
        return fresh

    def _unread(self, run: _Run, why: str) -> None:
        self._keep(run, SourceError(why, outcome=PollOutcome.MALFORMED))

    def _keep(self, run: _Run, fault: SourceError) -> None:
        if fault.outcome != PollOutcome.MISSING:  # it may come yet
            self._tally.note(fault)
            run.faults.append(fault)

    def _remember(self, hour: int, reading: BulletinReading) -> None:
        if reading.layout is None:
            return
        try:
            self._layouts.remember(self._product.name, hour, reading.layout)
        except OSError as error:
            self._tally.note(error)


def _run_at(block: bytes) -> datetime | None:
    try:
        return block_header(block.partition(b"\n")[0]).run_at
    except BulletinError:
        return None
