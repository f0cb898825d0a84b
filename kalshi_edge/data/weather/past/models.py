"""Past runs of other models, and past readings, each received when it surely had been.

No archive of these says when its rows came: each has the delay of its table, late rather than
early. Days are asked for in stretches, so that a year is some dozens of requests.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, Tally
from kalshi_edge.data.weather.guidance.bufkit import HRRR, RAP, parse_bufkit
from kalshi_edge.data.weather.guidance.mos_table import GuidanceTable, parse_mos_table
from kalshi_edge.data.weather.guidance.point import GEFS, parse_point_run
from kalshi_edge.data.weather.past.archive import Fact, ParsedTable, PastFacts
from kalshi_edge.data.weather.past.readings import parse_readings
from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.page_cache import Pages
from kalshi_edge.domain.weather import Forecast, Station
from kalshi_edge.errors import BulletinError, SourceError

STRETCH_DAYS = 10
"""Asked for at once: of LAMP about a megabyte."""
LATEST = timedelta(days=7)
"""What an archive lacks so long after a day it will not get any more."""
_NONE = {PollOutcome.MISSING, PollOutcome.REFUSED}
_BUSY = b"Too many requests"
"""How the archive's answer begins where it wants to be left alone, whatever its status."""


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A model of which every run at a station is a file of its own."""

    model: str
    hours: tuple[int, ...]
    """Of its runs, from midnight UTC of the day: those whose hours reach into its afternoon."""
    known_after: timedelta


HRRR_FILES = RunFiles(HRRR, (-12, -6, 0, 6, 12), timedelta(hours=3))
RAP_FILES = RunFiles(RAP, (-15, -9, -3, 3, 9), timedelta(hours=3))
GEFS_RUNS = RunFiles(GEFS, (-12, -6, 0, 6), timedelta(hours=7))


class PastTables:
    """Rows of many days in one answer of the archive, cut into days."""

    def __init__(
        self,
        name: str,
        url: Callable[[Station, datetime, datetime], str],
        parse: Callable[[bytes, Station], ParsedTable],
        client: PoliteClient,
        clock: Clock,
        *,
        last: date,
    ) -> None:
        """``url`` makes the address of a station's rows between two instants.

        ``last`` is the last day that will be asked for.
        """
        self.name = name
        self._url, self._parse, self._last = url, parse, last
        self._clock = clock
        self._tally = Tally(f"past {name}", clock)
        self._pages = Pages(client, clock, self._tally)
        self._held: dict[str, _Stretch] = {}

    @property
    def bytes_moved(self) -> int:
        """Bytes of bodies received so far."""
        return self._tally.bytes_moved

    async def day(self, station: Station, day: date) -> PastFacts:
        """What was received from noon UTC of the day before to the end of the climate day."""
        held = self._held.get(station.icao)
        if held is None or not held.first <= day <= held.last:
            held = self._held[station.icao] = await self._asked(station, day)
        begin = _midnight(day) - timedelta(hours=12)
        until = max(station.day_end(day), _midnight(day) + timedelta(days=1))
        facts = [fact for fact in held.table.facts if begin <= fact.valid_at < until]
        wanting = [why for at, why in held.table.unread if begin <= at < until][:1]
        if not any(_is_about(fact, station, day) for fact in facts):
            wanting.insert(0, f"no {self.name} of {day}")
        is_final = self._clock.now() - station.day_end(day) > LATEST
        return PastFacts(facts, tuple(wanting), is_final=is_final)

    async def _asked(self, station: Station, day: date) -> "_Stretch":
        last = max(day, min(self._last, day + timedelta(days=STRETCH_DAYS - 1)))
        begin = _midnight(day) - timedelta(hours=12)
        until = max(station.day_end(last), _midnight(last) + timedelta(days=1))
        content = await self._pages.read(self._url(station, begin, until))
        if content.startswith(_BUSY):
            why = f"{self.name}: the archive says {content[:60].decode('ascii', 'replace')!r}"
            raise SourceError(why, outcome=PollOutcome.DOWN)
        try:
            return _Stretch(day, last, self._parse(content, station))
        except BulletinError as error:
            why = f"{self.name} of {station.icao}: {error}"
            raise SourceError(why, outcome=PollOutcome.MALFORMED) from error


@dataclass(frozen=True, slots=True)
class _Stretch:
    first: date
    last: date
    table: ParsedTable


def past_guidance(
    table: GuidanceTable, client: PoliteClient, clock: Clock, last: date
) -> PastTables:
    """The runs of MOS or LAMP, from the archive's table of guidance."""

    def url(station: Station, begin: datetime, until: datetime) -> str:
        return (
            f"{client.addresses.iem}/cgi-bin/request/mos.py?station={station.icao}"
            f"&model={table.filed_as}&sts={begin:%Y-%m-%dT%H:%MZ}&ets={until:%Y-%m-%dT%H:%MZ}"
            "&format=csv"
        )

    def parse(content: bytes, station: Station) -> ParsedTable:
        return ParsedTable(parse_mos_table(content, table, station))

    return PastTables(table.model, url, parse, client, clock, last=last)


def past_readings(client: PoliteClient, clock: Clock, last: date) -> PastTables:
    """METARs, from the archive's table of reports."""

    def url(station: Station, begin: datetime, until: datetime) -> str:
        return (
            f"{client.addresses.iem}/cgi-bin/request/asos.py?station={station.icao[1:]}&data=metar"
            f"&sts={begin:%Y-%m-%dT%H:%MZ}&ets={until:%Y-%m-%dT%H:%MZ}&tz=Etc/UTC"
            "&format=onlycomma&latlon=no&missing=empty&trace=empty&report_type=3&report_type=4"
        )

    return PastTables("METAR", url, parse_readings, client, clock, last=last)


class PastFiles:
    """Runs of which each is a document of its own."""

    def __init__(
        self,
        files: RunFiles,
        url: Callable[[Station, datetime], str],
        parse: Callable[[bytes, Station, datetime, datetime], Sequence[Forecast]],
        client: PoliteClient,
        clock: Clock,
    ) -> None:
        """``url`` makes the address of a run; ``parse`` gets its bytes, station, run, receipt."""
        self.name = files.model
        self._files, self._url, self._parse = files, url, parse
        self._clock = clock
        self._tally = Tally(f"past {files.model}", clock)
        self._pages = Pages(client, clock, self._tally)

    @property
    def bytes_moved(self) -> int:
        """Bytes of bodies received so far."""
        return self._tally.bytes_moved

    async def day(self, station: Station, day: date) -> PastFacts:
        """What the day's runs say, of this day and of others."""
        facts: list[Forecast] = []
        wanting: list[str] = []
        for run_at in self._runs(day):
            try:
                content = await self._pages.read(self._url(station, run_at))
                facts += self._parse(content, station, run_at, run_at + self._files.known_after)
            except BulletinError as error:
                why = f"{self.name} of {run_at:%F %H} UTC: {error}"
                raise SourceError(why, outcome=PollOutcome.MALFORMED) from error
            except SourceError as error:
                if error.outcome not in _NONE:
                    raise
                wanting.append(f"no {self.name} of {run_at:%F %H} UTC")
        is_final = self._clock.now() - station.day_end(day) > LATEST
        return PastFacts(facts, tuple(wanting), is_final=is_final)

    def _runs(self, day: date) -> Iterator[datetime]:
        return (_midnight(day) + timedelta(hours=hour) for hour in self._files.hours)


def past_files(files: RunFiles, client: PoliteClient, clock: Clock) -> PastFiles:
    """The runs of HRRR or RAP, from the archive of BUFKIT files."""
    name = files.model.lower()

    def url(station: Station, run_at: datetime) -> str:
        file = f"{name}_{station.icao.lower()}.buf"
        return f"{client.addresses.mtarchive}/{run_at:%Y/%m/%d}/bufkit/{run_at:%H}/{name}/{file}"

    def parse(
        content: bytes, station: Station, run_at: datetime, received_at: datetime
    ) -> Sequence[Forecast]:
        return parse_bufkit(
            content, station=station, model=files.model, run_at=run_at, received_at=received_at
        )

    return PastFiles(files, url, parse, client, clock)


def past_ensemble(client: PoliteClient, clock: Clock) -> PastFiles:
    """The runs of GEFS at a point: mean and spread."""

    def url(station: Station, run_at: datetime) -> str:
        return (
            f"{client.addresses.open_meteo}/v1/forecast?latitude={station.latitude}"
            f"&longitude={station.longitude}&run={run_at:%Y-%m-%dT%H:%M}"
            "&models=ncep_gefs025_ensemble_mean&hourly=temperature_2m,temperature_2m_spread"
            "&temperature_unit=celsius&timezone=GMT&forecast_days=4"
        )

    def parse(
        content: bytes, station: Station, run_at: datetime, received_at: datetime
    ) -> Sequence[Forecast]:
        return parse_point_run(content, station=station, run_at=run_at, received_at=received_at)

    return PastFiles(GEFS_RUNS, url, parse, client, clock)


def _is_about(fact: Fact, station: Station, day: date) -> bool:
    if isinstance(fact, Forecast):
        return fact.climate_day == day
    return station.climate_day(fact.valid_at) == day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
