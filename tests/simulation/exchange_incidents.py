"""What the exchange, and others who trade on it, do to our markets and our order group."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from kalshi_edge.domain.market import FeeRule, FeeType, MarketStatus
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.units import CENT
from kalshi_sandbox.exchange.venue.accounts import NewOrder
from kalshi_sandbox.exchange.venue.incidents import (
    announce_fees,
    settle_fairly,
    settle_otherwise,
    waive_fees,
)
from kalshi_sandbox.exchange.venue.market_makers import CREDIT
from kalshi_sandbox.exchange.venue.records import VenueMarket

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

CRASHED = 2 * CENT
"""Dollars at which somebody sells any number of what we hold."""
AVALANCHE = Decimal(100_000)
"""Contracts that the makers' quotes do not use up."""


async def prices_fall(on: "Simulation", random: Random) -> None:
    """What we hold loses nearly all its value for a while: somebody offers it to everybody."""
    await asyncio.sleep(_until_we_hold(on))
    venue, desk = on.exchange.venue, on.exchange.desk
    venue.advance(on.clock.now())
    rivals = [venue.open_account(f"rival {n}", CREDIT, is_house=True) for n in range(2)]
    placed = []
    for market in held_markets(on):
        holds_yes = on.account.positions[market.ticker].count > 0
        price, last = (CRASHED, CENT) if holds_yes else (1 - CRASHED, 1 - CENT)
        sides = (Side.SELL, Side.BUY) if holds_yes else (Side.BUY, Side.SELL)
        on.tell(f"prices fall in {market.ticker}")
        for rival, side, at in zip(rivals, sides, (price, last), strict=True):
            order = NewOrder(market.ticker, side, at, AVALANCHE, TimeInForce.GOOD_TILL_CANCELED)
            placed.append((rival, desk.place(rival, order).order))
    on.counts["markets that fell"] += len(placed) // 2
    try:
        await asyncio.sleep(random.uniform(900, 2400))
    finally:
        for rival, offer in placed:
            if offer.status == "resting" and offer.market.status is MarketStatus.ACTIVE:
                desk.cancel(rival, offer.order_id)


def _until_we_hold(on: "Simulation") -> float:
    """Seconds to wait where there is nothing to lose yet."""
    return 0.0 if held_markets(on) else 600.0


def held_markets(on: "Simulation") -> list[VenueMarket]:
    """Markets that trade and in which the account holds something."""
    return [
        position.market
        for _, position in sorted(on.account.positions.items())
        if position.count and position.market.status is MarketStatus.ACTIVE
    ]


async def group_triggered(on: "Simulation", random: Random) -> None:
    """The exchange takes our group's orders out of the books and refuses new ones."""
    on.exchange.venue.advance(on.clock.now())
    groups = [group for group in on.account.groups.values() if not group.is_triggered]
    for group in groups:
        on.exchange.desk.execution.trigger_group(group)
    on.counts["order groups triggered"] += len(groups)
    # Once more a little later: a brake that was let go may be pulled again.
    await asyncio.sleep(random.uniform(60, 1200))
    if groups and random.random() < 0.3:
        on.exchange.desk.execution.trigger_group(groups[0])


async def fees_waived(on: "Simulation", random: Random) -> None:
    """A ladder's fees are waived for a while, and charged again after it."""
    on.exchange.venue.advance(on.clock.now())
    events = sorted({market.event.ticker for market in held_markets(on)})
    event = random.choice(events or sorted(on.exchange.venue.events))
    waive_fees(on.exchange, event, timedelta(minutes=random.uniform(5, 60)))


async def fee_change(on: "Simulation", random: Random) -> None:
    """A change of a series' fees is announced, and comes."""
    on.exchange.venue.advance(on.clock.now())
    series, after = (
        random.choice(sorted(on.exchange.venue.series)),
        timedelta(minutes=random.uniform(2, 30)),
    )
    multiplier = Decimal(random.choice(("0.5", "1", "2")))
    announce_fees(on.exchange, series, FeeRule(FeeType.QUADRATIC, multiplier), after)


async def scalar(on: "Simulation", random: Random) -> None:
    """A ladder is to settle at a fair price."""
    events = sorted(on.exchange.venue.events)
    settle_fairly(on.exchange, random.choice(events), random.choice((None, Decimal("0.37"))))


async def settled_otherwise(on: "Simulation", random: Random) -> None:
    """A ladder settles on another figure than the report's."""
    event = on.exchange.venue.events[random.choice(sorted(on.exchange.venue.events))]
    figure = Decimal(random.choice((-3, -1, 1, 3))) + on.high_f(event.series.station, event.day)
    settle_otherwise(on.exchange, event.ticker, figure)
