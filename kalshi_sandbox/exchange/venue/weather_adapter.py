"""The exchange's nature is the sandbox's world: its bulletins, thermometers and climate reports."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from kalshi_edge.domain.weather import Station
from kalshi_edge.models.distribution import Normal
from kalshi_sandbox.exchange.venue.weather_port import FirstFinal
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.publication import RUN_HOURS, Model
from kalshi_sandbox.world.world import SLOT, World


@dataclass(slots=True)
class WorldNature:
    """The sandbox's world: NBM runs as they are published, reports as the newsroom issues them."""

    world: World
    newsroom: Newsroom
    _published: dict[datetime, datetime] = field(default_factory=dict)

    def outlook(self, station: Station, day: date, at: datetime) -> Normal:
        """The newest published run of NBM that speaks of the day, not rounded as its bulletin is.

        A day that is over keeps its last.
        """
        outlook = self.world.outlook(station, day, self._newest_run(day, at))
        return Normal(outlook.mean_f, outlook.sd_f)

    def high_so_far_f(self, station: Station, day: date, at: datetime) -> float | None:
        """The highest five-minute temperature up to ``at``."""
        start, end = station.day_start(day), station.day_end(day)
        if at <= start:
            return None
        readings = self.world.temperatures_f(station, start - SLOT, min(at, end - SLOT))
        return float(readings.max())

    def high_f(self, station: Station, day: date) -> int:
        """The day's maximum."""
        return self.world.high_f(station, day)

    def first_final(self, station: Station, day: date) -> FirstFinal | None:
        """The first final climate report."""
        report = self.newsroom.final_report(station, day)
        return None if report is None else FirstFinal(report.seen_at, report.high_f)

    def _newest_run(self, day: date, at: datetime) -> datetime:
        last = datetime.combine(day, time(23), tzinfo=UTC)
        run_at = min(at.replace(minute=0, second=0, microsecond=0), last)
        while run_at.hour not in RUN_HOURS[Model.NBP] or self._published_at(run_at) > at:
            run_at -= timedelta(hours=1)
        return run_at

    def _published_at(self, run_at: datetime) -> datetime:
        known = self._published.get(run_at)
        if known is None:
            known = self._published[run_at] = self.world.published_at(Model.NBP, run_at)
        return known
