"""Texts that appear at an instant: which there are for a station, newest first.

Faults of content are applied here: products late or missing, and corrections that follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5

from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather import cli, dsm, metar
from kalshi_sandbox.weather.faults import FaultKind, Faults, Product
from kalshi_sandbox.weather.models.texts import KINDS, station_text
from kalshi_sandbox.weather.nbm_files import station_bulletin
from kalshi_sandbox.weather.nbm_layout import layout
from kalshi_sandbox.weather.office_table import short_name
from kalshi_sandbox.world.models import PointModel, nominal_runs, seen_at
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import World

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        "CLI": Product.CLI,
        "DSM": Product.DSM,
        "MTR": Product.METAR,
        "NBP": Product.NBP,
        "NBS": Product.NBS,
        "MAV": Product.MAV,
        "MET": Product.MET,
        "LAV": Product.LAV,
    }
)
"""The kinds of text by the first letters of their names."""
ARCHIVE_BEGINS = date(2020, 5, 18)
"""The first day of the bucket and of the text archive."""
_GATEWAY_DELAY = timedelta(minutes=4)
"""From the bucket to the one-station text [E]."""
METAR_DELAY = timedelta(minutes=2)
KEPT_A_WEEK = frozenset({"MTR", "NBP", "NBS", "MAV", "MET", "LAV"})
"""Texts so many that the archive lets go of them after a week."""
_A_WEEK = timedelta(days=8)
_CORRECTION_DELAY = timedelta(minutes=75)


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One text: ``product`` as its third line says (``CLINYC``), to be seen from ``seen_at`` on."""

    product: str
    issued_at: datetime
    seen_at: datetime
    text: Callable[[], str]

    @property
    def identifier(self) -> str:
        """A UUID, the same whenever it is asked for."""
        return str(uuid5(NAMESPACE_URL, f"{self.product} {self.issued_at.isoformat()}"))


@dataclass(frozen=True, slots=True)
class Issue:
    """One climate report of a day, final but for those with ``until``."""

    issued_at: datetime
    seen_at: datetime
    until: datetime | None = None
    """How far an intermediate report goes."""
    amendment: str = ""
    """``CCA`` for a correction."""
    added_f: int = 0
    """What the correction adds to the maximum."""


@dataclass(frozen=True, slots=True)
class FinalReport:
    """The first final climate report of a day: when it is out, and the maximum it gives."""

    seen_at: datetime
    high_f: int


@dataclass(frozen=True, slots=True)
class Newsroom:
    """The world, and what goes wrong in telling of it."""

    world: World
    faults: Faults

    def bulletins(self, kind: str, station: Station, now: datetime) -> Iterator[Bulletin]:
        """All texts of a kind that can be seen at ``now``, newest first.

        Kinds are those of ``PRODUCTS``; how far back is for the caller to say.
        """
        if self.faults.find(PRODUCTS[kind], FaultKind.MISSING, station.icao):
            return
        day = now.date() + timedelta(days=1)
        first = (now - _A_WEEK).date() if kind in KEPT_A_WEEK else ARCHIVE_BEGINS
        while day >= max(first, ARCHIVE_BEGINS):
            for found in self._of_day(kind, station, day):
                if found.seen_at <= now:
                    yield found
            day -= timedelta(days=1)

    def final_report(self, station: Station, day: date) -> FinalReport | None:
        """The report that settles a day, be it in the future; ``None`` where there will be none.

        Later corrections do not count.
        """
        for issue in self.issues(station, day):
            if issue.until is None and not issue.amendment:
                return FinalReport(issue.seen_at, self.world.high_f(station, day))
        return None

    def issues(self, station: Station, day: date) -> tuple[Issue, ...]:
        """A day's climate reports, newest first, whether or not they are out yet."""
        find = self.faults.find
        if find(Product.CLI, FaultKind.MISSING, station.icao):
            return ()
        late = self.faults.delay(Product.CLI, station.icao)
        final_at = cli.final_at(self.world, station, day)
        early_at = cli.intermediate_at(self.world, station, day)
        issues = (
            Issue(final_at, final_at + late),
            Issue(early_at, early_at + late, until=cli.as_of(station, day)),
        )
        if corrected := find(Product.CLI, FaultKind.CORRECTED, station.icao):
            at, added_f = final_at + _CORRECTION_DELAY, round(corrected.size)
            return (Issue(at, at + late, amendment="CCA", added_f=added_f), *issues)
        return issues

    def _of_day(self, kind: str, station: Station, day: date) -> Iterator[Bulletin]:
        """Texts that belong to a day, newest first."""
        if kind == "CLI":
            return self._reports(station, day)
        if kind == "DSM":
            return self._summaries(station, day)
        if kind == "MTR":
            return self._metars(station, day)
        if kind in KINDS:
            return self._guidance(KINDS[kind], kind, station, day)
        return self._runs(Model(kind), station, day)

    def _reports(self, station: Station, day: date) -> Iterator[Bulletin]:
        for issue in self.issues(station, day):
            text = partial(
                cli.climate_report, self.world, station, day, issue.issued_at,
                until=issue.until, amendment=issue.amendment, added_f=issue.added_f,
            )  # fmt: skip
            yield Bulletin(station.report, issue.issued_at, issue.seen_at, text)

    def _summaries(self, station: Station, day: date) -> Iterator[Bulletin]:
        name = f"DSM{short_name(station)}"
        late = self.faults.delay(Product.DSM, station.icao)
        summary = partial(dsm.daily_summary, self.world, station, day)
        final_at, early_at = dsm.final_at(station, day), dsm.intermediate_at(station, day)
        yield Bulletin(name, final_at, final_at + late, partial(summary, final_at))
        so_far = partial(summary, early_at, end=dsm.until(station, day))
        yield Bulletin(name, early_at, early_at + late, so_far)

    def _metars(self, station: Station, day: date) -> Iterator[Bulletin]:
        start = datetime.combine(day, time(), tzinfo=UTC)
        delay = METAR_DELAY + self.faults.delay(Product.METAR, station.icao)
        for at in reversed(metar.report_times(station, start, start + timedelta(hours=23.99))):
            text = partial(metar.collective, self.world, station, at)
            yield Bulletin(f"MTR{short_name(station)}", at, at + delay, text)

    def _guidance(
        self, model: PointModel, kind: str, station: Station, day: date
    ) -> Iterator[Bulletin]:
        late = self.faults.delay(PRODUCTS[kind], station.icao)
        for run_at in reversed(nominal_runs(model, day)):
            text = partial(station_text, self.world, model, station, run_at)
            at = seen_at(self.world, model, run_at) + late
            yield Bulletin(f"{kind}{short_name(station)}", run_at, at, text)

    def _runs(self, model: Model, station: Station, day: date) -> Iterator[Bulletin]:
        start = datetime.combine(day, time(), tzinfo=UTC)
        delay = _GATEWAY_DELAY + self.faults.delay(PRODUCTS[model], station.icao)
        for hour in reversed(RUN_HOURS[model]):
            run_at = start + timedelta(hours=hour)
            text = partial(station_bulletin, self.world, station, layout(model, run_at))
            seen_at = self.world.published_at(model, run_at) + delay
            yield Bulletin(f"{model}{short_name(station)}", run_at, seen_at, text)
