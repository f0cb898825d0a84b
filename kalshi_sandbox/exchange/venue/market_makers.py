"""The others: quoting makers, patient orders deep in the book, and those who take.

One pit per ladder, each with random numbers of its own, so that a ladder's trading depends on the
seed and on what is done to it, not on what other ladders do. Spreads, depth and sizes follow 1,512
real books of July 2026: spreads mostly 1 cent, asks of a ladder summing to 1.07 and bids to 1.00,
median 29 contracts at the top, a fifth of the sizes fractional.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil, floor, log
from random import Random

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.units import CENT
from kalshi_sandbox.exchange.venue.accounts import Account, NewOrder
from kalshi_sandbox.exchange.venue.beliefs import CROWD, INFORMED, MAKER, Oracle
from kalshi_sandbox.exchange.venue.listing import EASTERN
from kalshi_sandbox.exchange.venue.order_entry_rules import OrderEntry
from kalshi_sandbox.exchange.venue.quoting import (
    fair_cents,
    ladder_random,
    quoted_cents,
    skew_cents,
)
from kalshi_sandbox.exchange.venue.records import VenueEvent, VenueMarket
from kalshi_sandbox.exchange.venue.weather_port import Nature

PRICES = tuple(CENT * cents for cents in range(100))
"""Dollars of whole cents."""

CREDIT = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Habits:
    """How busy a pit is and how it quotes; times are for the busiest hours."""

    maker_every: timedelta = timedelta(minutes=4)
    patient_every: timedelta = timedelta(minutes=30)
    taker_every: timedelta = timedelta(seconds=60)
    bid_shift_cents: float = 0.4
    """What is added to fair before the best bid is rounded down: YES is in demand."""
    ask_shift_cents: float = 0.6
    """What is added to fair before the best ask is rounded up."""
    alarm_cents: float = 2.0
    """A move of the price at which patient people see to their orders at once."""
    informed_share: float = 0.35
    informed_edge: float = 0.015
    """Dollars a contract must be worth more than it costs, fee included."""
    crowd_yes_share: float = 0.65
    crowd_posts_share: float = 0.2
    fractional_share: float = 0.21


def busyness(at: datetime) -> float:
    """Activity relative to the busiest hours, by the hour in New York.

    >>> from datetime import UTC
    >>> busyness(datetime(2026, 11, 22, 16, tzinfo=UTC))
    1.0
    """
    hour = at.astimezone(EASTERN).hour
    if 9 <= hour < 18:
        return 1.0
    return 0.6 if hour >= 7 else 0.25


@dataclass(slots=True)
class House:
    """The accounts that the others trade on."""

    maker: Account
    patient: Account
    informed: Account
    crowd: Account


def open_house(desk: OrderEntry) -> House:
    """Accounts with credit without end, for those who make the market."""
    names = ("maker", "patient", "informed", "crowd")
    accounts = [desk.venue.open_account(name, CREDIT, is_house=True) for name in names]
    return House(*accounts)


@dataclass(slots=True)
class Pit:
    """Everybody else in one ladder."""

    desk: OrderEntry
    house: House
    event: VenueEvent
    oracle: Oracle
    random: Random
    habits: Habits
    maker_error: float = 0.0
    patience: dict[tuple[str, Side], dict[int, Decimal]] = field(default_factory=dict)
    """Contracts that patient people would place, by market, side and price in cents."""
    laid_cents: dict[str, float] = field(default_factory=dict)
    """Where the price was when their orders were last seen to."""

    def begin(self) -> None:
        """Start to trade: everybody comes now, and again later."""
        self.maker_error = self.random.gauss(0, 1)
        for market in self.event.markets:
            for side in Side:
                self.patience[market.ticker, side] = self._patience()
        self._repeat(self.quote, self.habits.maker_every)
        self._repeat(self.lay_out, self.habits.patient_every)
        self._repeat(self.take, self.habits.taker_every)

    def _repeat(self, action: Callable[[], None], every: timedelta) -> None:
        venue = self.desk.venue

        def again() -> None:
            if venue.now >= self.event.close_at:
                return
            if venue.paused is None:
                action()
            wait = self.random.expovariate(1) * every / busyness(venue.now)
            venue.schedule(venue.now + wait, again)

        again()

    def _active(self) -> Sequence[tuple[int, VenueMarket]]:
        return [
            (place, market)
            for place, market in enumerate(self.event.markets)
            if market.status is MarketStatus.ACTIVE
        ]

    # --- makers ---------------------------------------------------------------------------------

    def quote(self) -> None:
        """Put the maker's best bids and asks where their belief now has them."""
        now = self.desk.venue.now
        fair = self.oracle.probabilities(MAKER, self.maker_error, now)
        for place, market in self._active():
            cents = fair_cents(fair[place])
            if abs(cents - self.laid_cents.get(market.ticker, cents)) >= self.habits.alarm_cents:
                self._lay(market, cents)
            cents -= skew_cents(fair[place], self._held(market))
            habits = self.habits
            bids, asks = quoted_cents(cents, habits.bid_shift_cents, habits.ask_shift_cents)
            self._requote(market, Side.BUY, set(bids))
            self._requote(market, Side.SELL, set(asks))

    def _held(self, market: VenueMarket) -> float:
        """YES contracts that the maker holds."""
        position = self.house.maker.positions.get(market.ticker)
        return 0.0 if position is None else float(position.count)

    def _requote(self, market: VenueMarket, side: Side, wanted: set[int]) -> None:
        maker = self.house.maker
        kept: set[int] = set()
        for order in tuple(maker.resting_in(market).values()):
            cents = int(order.price / CENT)
            if order.side is side and cents not in wanted:
                self.desk.cancel(maker, order.order_id)
            elif order.side is side:
                kept.add(cents)
        for cents in sorted(wanted - kept):
            certain = cents == (1 if side is Side.SELL else 99)
            self._place(maker, market, side, cents, self._size(3000 if certain else 12, 1.9))

    # --- patient orders -------------------------------------------------------------------------

    def _patience(self) -> dict[int, Decimal]:
        chance = self.random.uniform(0.35, 0.75)
        return {
            cents: self._size(30, 1.9) for cents in range(1, 100) if self.random.random() < chance
        }

    def lay_out(self) -> None:
        """Have patient orders stand away from the price in every market."""
        fair = self.oracle.probabilities(MAKER, self.maker_error, self.desk.venue.now)
        for place, market in self._active():
            self._lay(market, fair_cents(fair[place]))

    def _lay(self, market: VenueMarket, cents: float) -> None:
        """Withdraw the patient orders that the price came close to, and place those that miss."""
        self.laid_cents[market.ticker] = cents
        wanted = {(Side.BUY, c) for c in range(1, floor(cents) - 2)}
        wanted |= {(Side.SELL, c) for c in range(ceil(cents) + 3, 100)}
        patient = self.house.patient
        there: set[tuple[Side, int]] = set()
        for order in tuple(patient.resting_in(market).values()):
            spot = (order.side, int(order.price / CENT))
            if spot in wanted:
                there.add(spot)
            else:
                self.desk.cancel(patient, order.order_id)
        for side, c in sorted(wanted - there):
            count = self.patience[market.ticker, side].get(c)
            if count is not None:
                self._place(patient, market, side, c, count)

    # --- takers ---------------------------------------------------------------------------------

    def take(self) -> None:
        """Somebody comes who wants to trade."""
        if self.random.random() < self.habits.informed_share:
            self._take_informed()
        else:
            self._take_crowd()

    def _take_informed(self) -> None:
        fair = self.oracle.probabilities(INFORMED, self.random.gauss(0, 1), self.desk.venue.now)
        best: tuple[float, VenueMarket, Side, int] | None = None
        for place, market in self._active():
            for side in Side:
                price = market.ask if side is Side.BUY else market.bid
                if price is None:
                    continue
                p = float(price)
                worth = fair[place] - p if side is Side.BUY else p - fair[place]
                edge = worth - 0.07 * p * (1 - p)
                if best is None or edge > best[0]:
                    best = (edge, market, side, int(price / CENT))
        if best is not None and best[0] > self.habits.informed_edge:
            _, market, side, cents = best
            self._place(self.house.informed, market, side, cents, self._size(25, 1.2), takes=True)

    def _take_crowd(self) -> None:
        active = self._active()
        if not active:
            return
        at = self.desk.venue.now
        fair = self.oracle.probabilities(CROWD, self.random.gauss(0, 1), at)
        weights = [0.03 + fair[place] for place, _ in active]
        ((_, market),) = self.random.choices(active, weights)
        yes = self.random.random() < self.habits.crowd_yes_share
        side = Side.BUY if yes else Side.SELL
        price, own = (market.ask, market.bid) if yes else (market.bid, market.ask)
        size = self._size(12, 1.3)
        if self.random.random() < self.habits.crowd_posts_share:
            if own is not None:
                wait = timedelta(minutes=self.random.uniform(5, 90))
                cents = int(own / CENT)
                self._place(self.house.crowd, market, side, cents, size, expires_at=at + wait)
        elif price is not None:
            self._place(self.house.crowd, market, side, int(price / CENT), size, takes=True)

    # --- orders ---------------------------------------------------------------------------------

    def _size(self, median: float, spread: float) -> Decimal:
        raw = self.random.lognormvariate(log(median), spread)
        if self.random.random() < self.habits.fractional_share:
            return max(Decimal(round(raw * 100)) * CENT, CENT)
        return Decimal(max(round(raw), 1))

    def _place(
        self,
        account: Account,
        market: VenueMarket,
        side: Side,
        cents: int,
        count: Decimal,
        *,
        takes: bool = False,
        expires_at: datetime | None = None,
    ) -> None:
        waits = TimeInForce.GOOD_TILL_CANCELED
        new = NewOrder(
            market.ticker,
            side,
            PRICES[cents],
            count,
            TimeInForce.IMMEDIATE_OR_CANCEL if takes else waits,
            expires_at=expires_at,
        )
        self.desk.place(account, new)


@dataclass(slots=True)
class Traders:
    """Brings everybody else to each ladder when it opens."""

    desk: OrderEntry
    nature: Nature
    habits: Habits = field(default_factory=Habits)
    house: House = field(init=False)

    def __post_init__(self) -> None:
        self.house = open_house(self.desk)

    def attend(self, event: VenueEvent) -> None:
        """Have a pit at ``event`` from its opening on."""
        venue = self.desk.venue
        series = event.series
        oracle = Oracle(
            self.nature, series.station, event.day, tuple(market.bin for market in event.markets)
        )
        random = ladder_random(venue.seed, event.ticker)
        pit = Pit(self.desk, self.house, event, oracle, random, self.habits)
        venue.schedule(event.open_at, pit.begin)
