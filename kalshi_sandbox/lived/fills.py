"""Predicted against realised fills of our quotes, where the true queue decides.

What is predicted rests on books and prints alone, and prints that filled an order of ours are left
out. What is learned comes from the orders of days that are for learning; none of them is scored.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from kalshi_edge.domain.events import Event, OrderUpdate, Print
from kalshi_edge.domain.orders import Fill, Intent, OrderStep, Side, opposite
from kalshi_edge.models.fill_chance import HORIZON_S, FillChance, QueueSpot
from kalshi_edge.units import CENT, ZERO
from kalshi_sandbox.exchange.venue.records import VenueMarket


@dataclass(slots=True)
class Scored:
    """One quote: what was predicted, and what became of it within the horizon."""

    day: date
    chance: float
    posted_s: float
    features: tuple[float, ...]
    rested_s: float = HORIZON_S
    """Seconds from posting to its first fill, or to its end where that was ours."""
    is_filled: bool = False
    is_censored: bool = False
    """TakenQuote back by us, or expired, before it was filled and before the horizon."""


@dataclass(slots=True)
class FillStudy:
    """Hears one day's tape, predicts every quote as it is posted, notes what became of it."""

    day: date
    markets: dict[str, VenueMarket]
    learner: FillChance
    scored: list[Scored] = field(default_factory=list)
    _open: dict[str, Scored] = field(default_factory=dict)
    _resting: dict[str, set[Side]] = field(default_factory=lambda: defaultdict(set))
    _ours: dict[str, Intent] = field(default_factory=dict)

    def posting(self, intent: Intent, at: datetime) -> None:
        """A quote is about to be posted: predict it by what is known now."""
        market, at_s = self.markets[intent.ticker], at.timestamp()
        place = place_of(market, intent.side, intent.limit_price)
        self.learner.opened(intent.ticker, market.event.ticker, at_s)
        features = self.learner.features(place, at_s)
        one = Scored(self.day, self.learner.chance(features), at_s, features)
        self.scored.append(one)
        self._open[intent.intent_id] = one
        self._ours[intent.intent_id] = intent
        self._resting[intent.ticker].add(intent.side)

    def hear(self, event: Event) -> None:
        """Take in one event of the tape, just before the trader hears it."""
        match event:
            case Print():
                self._print(event)
            case Fill():
                self._ended(event.intent_id, event.valid_at.timestamp(), is_filled=True)
            case OrderUpdate(step=OrderStep.FINISH):
                self._ended(event.intent_id, event.received_at.timestamp(), is_filled=False)
            case _:
                pass

    def over(self, at: datetime) -> None:
        """The day ends here for whatever still rests."""
        for name in tuple(self._open):
            self._ended(name, at.timestamp(), is_filled=False)

    def _ended(self, name: str, at_s: float, *, is_filled: bool) -> None:
        intent = self._ours.get(name)
        if intent is not None and not is_filled:
            self._resting[intent.ticker].discard(intent.side)
        one = self._open.pop(name, None)
        if one is None or at_s - one.posted_s > HORIZON_S:
            return
        one.rested_s = at_s - one.posted_s
        one.is_filled, one.is_censored = is_filled, not is_filled

    def _print(self, event: Print) -> None:
        ladder, hit = self.markets[event.ticker].event.ticker, opposite(event.taker_side)
        if hit in self._resting[event.ticker]:
            return  # it may be ours that traded
        at_s, count = event.valid_at.timestamp(), float(event.count)
        self.learner.opened(event.ticker, ladder, at_s)
        self.learner.printed(event.ticker, ladder, count, at_s, hits_bids=hit is Side.BUY)


def place_of(market: VenueMarket, side: Side, price: Decimal) -> QueueSpot:
    """Where an order would stand in a market's book now, as everybody sees it."""
    depth, sign = market.depth[side], 1 if side is Side.BUY else -1
    shown = [(other, count) for other, count in depth.items() if count > ZERO]
    better = sum((count for other, count in shown if sign * (other - price) > ZERO), ZERO)
    best = market.bid if side is Side.BUY else market.ask
    return QueueSpot(
        ticker=market.ticker,
        ladder=market.event.ticker,
        is_bid=side is Side.BUY,
        price=float(price),
        ahead=float(depth.get(price, ZERO)),
        better=float(better),
        ticks_behind=0.0 if best is None else float(sign * (best - price) / CENT),
    )
