"""Ladders come and go by the clock: listed, opened, closed, determined, settled; the weekly pause.

Each day settles on its first report that is not preliminary, at the first 7:00 or 8:00 in New York
after its release; where none comes within a week, on the last fair price.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from kalshi_edge.domain.weather import Station
from kalshi_edge.units import CENT, ONE, ZERO
from kalshi_sandbox.exchange.venue.listing import (
    EASTERN,
    SETTLEMENT_TIMER,
    ladder_bins,
    latest_expiration,
    listed_at,
    new_event,
    new_series,
)
from kalshi_sandbox.exchange.venue.order_entry_rules import OrderEntry
from kalshi_sandbox.exchange.venue.records import VenueEvent
from kalshi_sandbox.exchange.venue.venue import Pause
from kalshi_sandbox.exchange.venue.weather_port import Nature

SWEEP_AFTER = timedelta(seconds=3)
"""Between the close and the cancelling of what still rests nothing can be done."""

PAUSE_WEEKDAY, PAUSE_FROM, PAUSE_UNTIL = 3, time(3), time(5)
"""Thursday 03:00 to 05:00 in New York."""

DETERMINING_HOURS = (time(7), time(8))


def weekly_pause(at: datetime) -> tuple[datetime, datetime]:
    """The weekly pause that is in force at ``at``, or else the next one, in UTC.

    >>> [str(end) for end in weekly_pause(datetime(2026, 11, 22, 16, tzinfo=UTC))]
    ['2026-11-26 08:00:00+00:00', '2026-11-26 10:00:00+00:00']
    """
    day = at.astimezone(EASTERN).date()
    while True:
        if day.weekday() == PAUSE_WEEKDAY:
            start, end = (
                datetime.combine(day, hour, tzinfo=EASTERN).astimezone(UTC)
                for hour in (PAUSE_FROM, PAUSE_UNTIL)
            )
            if end > at:
                return start, end
        day += timedelta(days=1)


def determining_time(released_at: datetime) -> datetime:
    """The first 7:00 or 8:00 in New York at or after ``released_at``, in UTC.

    >>> str(determining_time(datetime(2026, 11, 23, 12, 10, tzinfo=UTC)))
    '2026-11-23 13:00:00+00:00'
    """
    day = released_at.astimezone(EASTERN).date()
    times = (
        datetime.combine(day + timedelta(days=later), hour, tzinfo=EASTERN).astimezone(UTC)
        for later in (0, 1)
        for hour in DETERMINING_HOURS
    )
    return next(at for at in times if at >= released_at)


class Season:
    """The calendar of every station's ladders on one venue."""

    def __init__(
        self,
        desk: OrderEntry,
        nature: Nature,
        stations: Sequence[Station],
        attend: Callable[[VenueEvent], object] | None = None,
    ) -> None:
        self.desk = desk
        self.attend = attend
        self.nature = nature
        self.stations = tuple(stations)
        self.figures: dict[str, Decimal | None] = {}
        """Figures that the operator wants used instead of the report's; ``None`` for never."""
        self.fair: dict[str, Decimal | None] = {}
        """Ladders that settle at a fair price, of each market the same or (``None``) its last."""

    def begin(self) -> None:
        """List what would be listed by now and plan the rest."""
        venue = self.desk.venue
        for station in self.stations:
            series = new_series(station, venue.now)
            venue.series[series.ticker] = series
            day = station.climate_day(venue.now)
            self._list(station, day)
            self._plan(station, day + timedelta(days=1))
        self._plan_pause()

    def _plan(self, station: Station, day: date) -> None:
        def list_and_plan_next() -> None:
            self._list(station, day)
            self._plan(station, day + timedelta(days=1))

        self.desk.venue.schedule(listed_at(day), list_and_plan_next)

    def _list(self, station: Station, day: date) -> None:
        venue = self.desk.venue
        # A ladder that an exchange finds listed when it begins has the bins it was listed with.
        outlook = self.nature.outlook(station, day, min(venue.now, listed_at(day)))
        event = new_event(venue, venue.series[station.series], day, ladder_bins(outlook.mu_f))
        venue.list_event(event)
        venue.schedule(event.open_at, partial(venue.open_markets, event.markets))
        venue.schedule(event.close_at, partial(self._close, event))
        if self.attend is not None:
            self.attend(event)

    def _close(self, event: VenueEvent) -> None:
        venue = self.desk.venue
        venue.close_markets(event.markets)
        for market in event.markets:
            venue.schedule(venue.now + SWEEP_AFTER, partial(self.desk.sweep, market))
        venue.schedule(determining_time(venue.now), partial(self._look_for_report, event))

    def _look_for_report(self, event: VenueEvent) -> None:
        """Determine a closed ladder if its figure is out by now, or look again an hour later."""
        venue = self.desk.venue
        report = self.nature.first_final(event.series.station, event.day)
        is_out = report is not None and report.released_at <= venue.now
        reported = Decimal(report.high_f) if report is not None and is_out else None
        figure = self.figures.get(event.ticker, reported)
        if event.ticker in self.fair:
            self._settle_fairly(event)
        elif figure is not None:
            self._determine(event, figure)
        elif venue.now >= latest_expiration(event.day):
            self._settle_fairly(event)
        else:
            soon = venue.now + timedelta(seconds=1)
            venue.schedule(determining_time(soon), partial(self._look_for_report, event))

    def _determine(self, event: VenueEvent, high_f: Decimal) -> None:
        venue = self.desk.venue
        for market in event.markets:
            value = ONE if market.bin.contains(int(high_f)) else ZERO
            venue.determine(market, value, f"{high_f:.2f}")
        self._settle_later(event)

    def _settle_fairly(self, event: VenueEvent) -> None:
        """No figure is used: pay each market its last price, or what the operator wants."""
        venue, wanted = self.desk.venue, self.fair.get(event.ticker)
        for market in event.markets:
            venue.determine(market, wanted or market.last_price.quantize(CENT), "")
        self._settle_later(event)

    def _settle_later(self, event: VenueEvent) -> None:
        venue = self.desk.venue
        stated_at = venue.now

        def settle() -> None:
            for market in event.markets:
                if market.determined_at == stated_at and market.settled_at is None:
                    venue.settle(market)

        venue.schedule(stated_at + SETTLEMENT_TIMER, settle)

    def dispute(self, event: VenueEvent, high_f: Decimal, after: timedelta) -> None:
        """Question what was determined; ``after`` a while determine it anew and settle that."""
        venue = self.desk.venue
        for market in event.markets:
            market.determined_at = None  # what was about to be settled is not
            venue.dispute(market)

        def amend() -> None:
            for market in event.markets:
                value = ONE if market.bin.contains(int(high_f)) else ZERO
                venue.amend_result(market, value, f"{high_f:.2f}")
            self._settle_later(event)

        venue.schedule(venue.now + after, amend)

    def _plan_pause(self) -> None:
        venue = self.desk.venue
        start, end = weekly_pause(venue.now)
        pause = Pause(is_whole_exchange=False, resumes_at=end)
        venue.schedule(start, partial(self.desk.pause, pause))
        venue.schedule(end, self._plan_pause)
