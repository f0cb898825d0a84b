"""A world and its exchange lived through as a feed of events, in virtual time.

What a running trader hears over sockets is told here at the same instants: every bulletin, reading
and report when it is out, every change of a book, every print, every fill. Time moves from one
thing that happens to the next.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush

from kalshi_edge.domain.events import (
    CycleDue,
    DayTurned,
    Event,
    LookDue,
    OrderUpdate,
    Print,
)
from kalshi_edge.domain.market import Book, Level, MarketStatus
from kalshi_edge.domain.orders import Fill, OrderStep, Settlement, Side
from kalshi_edge.domain.weather import Basis, Forecast, Observation, Station
from kalshi_edge.engine import Engine
from kalshi_edge.trading.quoting.quoter import is_busy
from kalshi_edge.units import DAY, HOUR, MINUTE, ZERO
from kalshi_sandbox.exchange.venue.events import (
    BookChanged,
    Filled,
    MarketChanged,
    OrderChanged,
    Traded,
    VenueChange,
)
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.records import VenueMarket
from kalshi_sandbox.lived.member import Member
from kalshi_sandbox.past.forecasts import forecasts
from kalshi_sandbox.past.hours import quoted_at
from kalshi_sandbox.past.ladders import Listing
from kalshi_sandbox.past.reports import READING_DELAY, maxima, reports
from kalshi_sandbox.weather import metar
from kalshi_sandbox.weather.faults import Faults
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World

LEVELS = 12
"""Of a book, on each side, that are told."""
KNOWN_BY = 9 * HOUR
SPECK = timedelta(microseconds=1)
LOOK_EVERY, LOOK_SOON = MINUTE, timedelta(seconds=10)
"""How often the trader's clock asks after quotes, and after those that wait for their turn."""
CYCLE_EVERY = timedelta(minutes=30)
HURRIED_AFTER = timedelta(seconds=1)
"""From a bulletin to the cycle that it calls for."""


@dataclass(slots=True)
class LivedFeed:
    """Everything that happens from ``first_day`` on for so many days, as the trader hears it.

    ``engine`` is whose orders may rest: its clock is asked for as often as a trader's is.
    """

    world: World
    exchange: Exchange
    member: Member
    stations: Sequence[Station]
    engine: Engine
    first_day: date
    days: int
    heard: Callable[[Event], None] = lambda _: None
    """Hears every event just before the trader does."""
    _told: deque[Event] = field(default_factory=deque)
    _changed: dict[str, VenueMarket] = field(default_factory=dict)
    _due: list[tuple[datetime, int, Event]] = field(default_factory=list)
    _number: int = 0
    _looks: bool = False
    """Whether the trader's clock is set."""

    def __post_init__(self) -> None:
        self.exchange.venue.listen(self._hear)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """The events, in order of time."""
        venue = self.exchange.venue
        for step in range(self.days + 2):
            day = self.first_day + step * DAY
            self._plan(day, is_over=step >= self.days)
            # What is said of a climate day begins with its listing, the morning before.
            until_at = datetime.combine(day, time(), tzinfo=UTC) + KNOWN_BY
            while True:
                ours = self._due[0][0] if self._due else until_at
                theirs = venue.next_at or until_at
                at = min(ours, theirs)
                if at >= until_at:
                    break
                if theirs <= ours:
                    venue.advance(theirs)
                else:
                    venue.advance(ours)
                    while self._due and self._due[0][0] <= ours:
                        self._told.append(heappop(self._due)[2])
                for event in self._flushed(at):
                    self.heard(event)
                    yield event

    def _flushed(self, at: datetime) -> Iterator[Event]:
        while self._told or self._changed:
            # What follows from an answer comes after it, if only by a microsecond.
            at += SPECK
            while self._told:
                event = self._told.popleft()
                if isinstance(event, CycleDue):
                    yield from self._books(at)
                    event = CycleDue(at)
                yield event
                if isinstance(event, LookDue):
                    self._looks = False
                    self._look_again(at)
                elif isinstance(event, CycleDue):
                    self._look_again(at)
            for ticker in tuple(self._changed):
                market = self._changed.pop(ticker, None)
                if market is not None and market.status is MarketStatus.ACTIVE:
                    yield book_of(market, at)
        if self.engine.quotes.is_blind:
            self.engine.quotes.is_blind = False
            self._ask(at + HURRIED_AFTER, CycleDue(at + HURRIED_AFTER))

    def _look_again(self, at: datetime) -> None:
        if is_busy(self.engine) and not self._looks:
            self._looks = True
            memory = self.engine.quotes
            waits = len(memory.wanted) > len(memory.live)
            soon = at + (LOOK_SOON if waits else LOOK_EVERY)
            self._ask(soon, LookDue(soon))

    def _ask(self, at: datetime, event: Event) -> None:
        self._number += 1
        heappush(self._due, (at, self._number, event))

    def _books(self, at: datetime) -> Iterator[Book]:
        """Every open market's book, as a trader asks for them before a cycle."""
        for market in self.exchange.venue.markets.values():
            if market.status is MarketStatus.ACTIVE:
                self._changed.pop(market.ticker, None)
                yield book_of(market, at)

    # --- what the exchange tells ------------------------------------------------------------------

    def _hear(self, news: VenueChange) -> None:
        at = self.exchange.venue.now
        match news:
            case BookChanged(market=market):
                self._changed[market.ticker] = market
            case Traded(trade):
                found = Print(
                    trade.market.ticker, trade.price, trade.count, trade.taker_side, at, at
                )
                self._told.append(found)
            case Filled(fill) if fill.order.account is self.member.account:
                self._told.append(
                    Fill(
                        fill_id=fill.fill_id,
                        intent_id=fill.order.client_order_id,
                        ticker=fill.order.market.ticker,
                        side=fill.order.side,
                        count=fill.trade.count,
                        price=fill.trade.price,
                        fee=fill.fee,
                        is_taker=fill.is_taker,
                        valid_at=at,
                        received_at=at,
                    )
                )
            case OrderChanged(order) if order.account is self.member.account:
                if order.status == "canceled":
                    self._told.append(
                        OrderUpdate(
                            order.client_order_id,
                            OrderStep.FINISH,
                            at,
                            order.order_id,
                            order.filled,
                            order.reason or "cancelled",
                        )
                    )
            case MarketChanged(market=market, step="settled"):
                assert market.value is not None
                self._told.append(Settlement(market.ticker, market.value, None, at, at))
            case _:
                pass

    # --- what the calendar tells ------------------------------------------------------------------

    def _plan(self, day: date, *, is_over: bool) -> None:
        """All that is known beforehand of a climate day: when what will be told."""
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        self._ask(midnight, DayTurned(midnight))
        for step in range(int(DAY / CYCLE_EVERY)):
            at = midnight + step * CYCLE_EVERY + timedelta(seconds=5)
            self._ask(at, CycleDue(at))
        if is_over:
            return
        newsroom = Newsroom(self.world, Faults())
        for station in self.stations:
            for fact in self._facts(newsroom, station, day):
                self._ask(fact.received_at, fact)
                if isinstance(fact, Forecast):
                    at = fact.received_at + HURRIED_AFTER
                    self._ask(at, CycleDue(at))

    def _facts(self, newsroom: Newsroom, station: Station, day: date) -> Iterator[Event]:
        yield Listing(self.exchange.season.nature).ladder(station, day)
        yield from forecasts(self.world, station, day, quoted_at(day))
        yield from maxima(self.world, station, day)
        yield from reports(newsroom, station, day)
        for at in metar.report_times(station, station.day_start(day), station.day_end(day)):
            read_f = self.world.temperature_f(station, at)
            yield Observation(
                station.icao, Basis.T_GROUP, at, at, read_f, read_f, at + READING_DELAY
            )


def book_of(market: VenueMarket, at: datetime, levels: int = LEVELS) -> Book:
    """What a market's book shows, the best ``levels`` of each side."""
    sides: dict[Side, tuple[Level, ...]] = {}
    for side in Side:
        depth = market.depth[side]
        prices = sorted(
            (price for price, count in depth.items() if count > ZERO), reverse=side is Side.BUY
        )
        sides[side] = tuple(Level(price, depth[price]) for price in prices[:levels])
    return Book(market.ticker, sides[Side.BUY], sides[Side.SELL], at, at)
