"""Predicted against realised fills of our quotes, where the true queue decides.

What is predicted rests on books and prints alone. It is learned from orders that nobody posted
(``Ghost``), in sides of markets where none of ours rests, and prints that filled an order of ours
are left out of it.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.domain.events import Event, OrderUpdate, Print
from kalshi_edge.domain.market import Book, MarketStatus
from kalshi_edge.domain.orders import Fill, Intent, OrderStep, Side, opposite
from kalshi_edge.models.fill_chance import HORIZON_S, FillChance, Place
from kalshi_edge.models.queue_position import Cancels, SeenQueue
from kalshi_edge.units import CENT, ZERO
from kalshi_sandbox.exchange.venue.exchange import Exchange
from kalshi_sandbox.exchange.venue.records import VenueMarket

GHOST_EVERY_S = 15.0
OFFSETS = (-1, 0, 0, 0, 1, 2, 4)
"""Ticks behind the best price at which nobody's orders are thought of, in turn."""


@dataclass(slots=True)
class Scored:
    """One quote: what was predicted, and what became of it within the horizon."""

    day: date
    chance: float
    posted_s: float
    over_s: float = HORIZON_S
    """Seconds from posting to its first fill, or to its end where that was ours."""
    is_filled: bool = False
    is_censored: bool = False
    """Taken back by us, or expired, before it was filled and before the horizon."""
    place: Place | None = None


@dataclass(slots=True)
class Ghost:
    """An order that nobody posted."""

    place: Place
    features: tuple[float, ...]
    price: Decimal
    side: Side
    queue: SeenQueue
    until_s: float
    is_reached: bool = False


@dataclass(slots=True)
class FillStudy:
    """Hears the tape, predicts every quote as it is posted and notes what became of it."""

    exchange: Exchange
    learner: FillChance = field(default_factory=FillChance)
    scored: list[Scored] = field(default_factory=list)
    _open: dict[str, Scored] = field(default_factory=dict)
    _resting: dict[str, set[Side]] = field(default_factory=lambda: defaultdict(set))
    _ours: dict[str, Intent] = field(default_factory=dict)
    _ghosts: dict[str, list[Ghost]] = field(default_factory=lambda: defaultdict(list))
    _ending: deque[Ghost] = field(default_factory=deque)
    _next_s: float = 0.0
    _turn: int = 0

    def posting(self, intent: Intent, at: datetime) -> None:
        """A quote is about to be posted: predict it by what is known now."""
        market, at_s = self.exchange.venue.markets[intent.ticker], at.timestamp()
        place = place_of(market, intent.side, intent.limit_price)
        chance = self.learner.chance(self.learner.features(place, at_s))
        one = Scored(market.event.day, chance, at_s, place=place)
        self.scored.append(one)
        self._open[intent.intent_id] = one
        self._ours[intent.intent_id] = intent
        self._resting[intent.ticker].add(intent.side)

    def hear(self, event: Event) -> None:
        """Take in one event of the tape, just before the trader hears it."""
        match event:
            case Print():
                self._print(event)
            case Book():
                depth = self.exchange.venue.markets[event.ticker].depth
                for ghost in self._ghosts[event.ticker]:
                    level = depth[ghost.side].get(ghost.price, ZERO)
                    ghost.queue = ghost.queue.book(level, event.valid_at)
            case Fill():
                self._ended(event.intent_id, event.valid_at.timestamp(), is_filled=True)
            case OrderUpdate(step=OrderStep.FINISH):
                self._ended(event.intent_id, event.received_at.timestamp(), is_filled=False)
            case _:
                pass
        at_s = event.received_at.timestamp()
        self._settle_ghosts(at_s)
        if at_s >= self._next_s:
            self._next_s = at_s + GHOST_EVERY_S
            self._think_of_orders(event.received_at)

    def _ended(self, name: str, at_s: float, *, is_filled: bool) -> None:
        intent = self._ours.get(name)
        if intent is not None and not is_filled:
            self._resting[intent.ticker].discard(intent.side)
        one = self._open.pop(name, None)
        if one is None or at_s - one.posted_s > HORIZON_S:
            return
        one.over_s = at_s - one.posted_s
        one.is_filled, one.is_censored = is_filled, not is_filled

    def _print(self, event: Print) -> None:
        market = self.exchange.venue.markets[event.ticker]
        hit = opposite(event.taker_side)
        at_s = event.valid_at.timestamp()
        if hit not in self._resting[event.ticker]:
            self.learner.opened(event.ticker, market.event.ticker, at_s)
            self.learner.printed(
                event.ticker,
                market.event.ticker,
                float(event.count),
                at_s,
                hits_bids=hit is Side.BUY,
            )
        for ghost in self._ghosts[event.ticker]:
            if ghost.side is not hit or at_s > ghost.until_s:
                continue
            if event.price == ghost.price:
                # The book is the exchange's own, as of this instant: it has the print already.
                ghost.queue, reached = ghost.queue.printed(event.count, event.valid_at)
                ghost.is_reached |= reached > ZERO
            elif (event.price < ghost.price) is (ghost.side is Side.BUY):
                ghost.is_reached = True

    # --- orders that nobody posted ----------------------------------------------------------------

    def _settle_ghosts(self, at_s: float) -> None:
        while self._ending and self._ending[0].until_s < at_s:
            ghost = self._ending.popleft()
            self._ghosts[ghost.place.ticker].remove(ghost)
            market = self.exchange.venue.markets[ghost.place.ticker]
            is_ours = ghost.side in self._resting[ghost.place.ticker]
            if market.status is MarketStatus.ACTIVE and not is_ours:
                self.learner.learn(ghost.features, was_reached=ghost.is_reached)

    def _think_of_orders(self, at: datetime) -> None:
        at_s = at.timestamp()
        for market, side, price in self._thought(at_s):
            place = place_of(market, side, price)
            ghost = Ghost(
                place,
                self.learner.features(place, at_s),
                price,
                side,
                SeenQueue.posted(Decimal(repr(place.ahead)), at, Cancels.EVENLY),
                at_s + HORIZON_S,
            )
            self._ghosts[market.ticker].append(ghost)
            self._ending.append(ghost)

    def _thought(self, at_s: float) -> Iterator[tuple[VenueMarket, Side, Decimal]]:
        for event in self.exchange.venue.events.values():
            active = [one for one in event.markets if one.status is MarketStatus.ACTIVE]
            if not active:
                continue
            self._turn += 1
            market = active[self._turn % len(active)]
            side = (Side.BUY, Side.SELL)[(self._turn // len(active)) % 2]
            offset = OFFSETS[(self._turn // (2 * len(active))) % len(OFFSETS)]
            self.learner.opened(market.ticker, event.ticker, at_s)
            best = market.bid if side is Side.BUY else market.ask
            facing = market.ask if side is Side.BUY else market.bid
            if best is None or side in self._resting[market.ticker]:
                continue
            sign = 1 if side is Side.BUY else -1
            price = best - sign * offset * CENT
            crosses = facing is not None and sign * (facing - price) <= ZERO
            if not crosses and CENT <= price <= 1 - CENT:
                yield market, side, price


def place_of(market: VenueMarket, side: Side, price: Decimal) -> Place:
    """Where an order would stand in a market's book now, as everybody sees it."""
    depth, sign = market.depth[side], 1 if side is Side.BUY else -1
    shown = [(other, count) for other, count in depth.items() if count > ZERO]
    better = sum((count for other, count in shown if sign * (other - price) > ZERO), ZERO)
    best = market.bid if side is Side.BUY else market.ask
    return Place(
        ticker=market.ticker,
        ladder=market.event.ticker,
        is_bid=side is Side.BUY,
        price=float(price),
        ahead=float(depth.get(price, ZERO)),
        better=float(better),
        ticks_behind=0.0 if best is None else float(sign * (best - price) / CENT),
    )
