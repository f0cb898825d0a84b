"""Texts that appear at an instant: which there are for a station, newest first.

Faults of content are applied here: products late or missing, and corrections that follow.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from uuid import NAMESPACE_URL, uuid5

from kalshi_edge.domain.weather import Station
from kalshi_edge.sandbox.weather import cli, dsm, metar
from kalshi_edge.sandbox.weather.faults import FaultKind, Faults, Product
from kalshi_edge.sandbox.weather.nbm_files import station_bulletin
from kalshi_edge.sandbox.weather.nbm_layout import layout
from kalshi_edge.sandbox.weather.offices import short_name
from kalshi_edge.sandbox.world.publication import RUN_HOURS, Model
from kalshi_edge.sandbox.world.world import World

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        "CLI": Product.CLI,
        "DSM": Product.DSM,
        "MTR": Product.METAR,
        "NBP": Product.NBP,
        "NBS": Product.NBS,
    }
)
"""The kinds of text by the first letters of their names."""
ARCHIVE_BEGINS = date(2020, 5, 18)
"""The first day of the bucket and of the text archive."""
_GATEWAY_DELAY = timedelta(minutes=4)
"""From the bucket to the one-station text [E]."""
_METAR_DELAY = timedelta(minutes=2)
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
        product = PRODUCTS[kind]
        if self.faults.find(product, FaultKind.MISSING, station.icao):
            return
        late = self.faults.delay(product, station.icao)
        day = now.date() + timedelta(days=1)
        while day >= ARCHIVE_BEGINS:
            for found in self._of_day(kind, station, day):
                if found.seen_at + late <= now:
                    yield replace(found, seen_at=found.seen_at + late)
            day -= timedelta(days=1)

    def final_report(self, station: Station, day: date) -> FinalReport | None:
        """The report that settles a day, be it in the future; ``None`` where there will be none.

        Later corrections do not count.
        """
        if self.faults.find(Product.CLI, FaultKind.MISSING, station.icao):
            return None
        seen_at = cli.final_at(self.world, station, day)
        late = self.faults.delay(Product.CLI, station.icao)
        return FinalReport(seen_at + late, self.world.high_f(station, day))

    def corrected_f(self, station: Station) -> int:
        """How many °F a correction adds to the final report's maximum; mostly none."""
        fault = self.faults.find(Product.CLI, FaultKind.CORRECTED, station.icao)
        return 0 if fault is None else round(fault.size)

    def corrected_at(self, station: Station, day: date) -> datetime:
        """When a correction of the final report would be out."""
        late = self.faults.delay(Product.CLI, station.icao)
        return cli.final_at(self.world, station, day) + _CORRECTION_DELAY + late

    def _of_day(self, kind: str, station: Station, day: date) -> Iterator[Bulletin]:
        """Texts that belong to a day, newest first."""
        if kind == "CLI":
            return self._reports(station, day)
        if kind == "DSM":
            return self._summaries(station, day)
        if kind == "MTR":
            return self._metars(station, day)
        return self._runs(Model(kind), station, day)

    def _reports(self, station: Station, day: date) -> Iterator[Bulletin]:
        report = partial(cli.climate_report, self.world, station, day)
        final_at = cli.final_at(self.world, station, day)
        intermediate_at = cli.intermediate_at(self.world, station, day)
        if added_f := self.corrected_f(station):
            at = final_at + _CORRECTION_DELAY
            text = partial(report, at, amendment="CCA", added_f=added_f)
            yield Bulletin(station.report, at, at, text)
        yield Bulletin(station.report, final_at, final_at, partial(report, final_at))
        so_far = partial(report, intermediate_at, until=cli.as_of(station, day))
        yield Bulletin(station.report, intermediate_at, intermediate_at, so_far)

    def _summaries(self, station: Station, day: date) -> Iterator[Bulletin]:
        name = f"DSM{short_name(station)}"
        summary = partial(dsm.daily_summary, self.world, station, day)
        final_at, early_at = dsm.final_at(station, day), dsm.intermediate_at(station, day)
        yield Bulletin(name, final_at, final_at, partial(summary, final_at))
        so_far = partial(summary, early_at, end=dsm.until(station, day))
        yield Bulletin(name, early_at, early_at, so_far)

    def _metars(self, station: Station, day: date) -> Iterator[Bulletin]:
        start = datetime.combine(day, time(), tzinfo=UTC)
        for at in reversed(metar.report_times(station, start, start + timedelta(hours=23.99))):
            text = partial(metar.collective, self.world, station, at)
            yield Bulletin(f"MTR{short_name(station)}", at, at + _METAR_DELAY, text)

    def _runs(self, model: Model, station: Station, day: date) -> Iterator[Bulletin]:
        start = datetime.combine(day, time(), tzinfo=UTC)
        for hour in reversed(RUN_HOURS[model]):
            run_at = start + timedelta(hours=hour)
            text = partial(station_bulletin, self.world, station, layout(model, run_at))
            seen_at = self.world.published_at(model, run_at) + _GATEWAY_DELAY
            yield Bulletin(f"{model}{short_name(station)}", run_at, seen_at, text)
