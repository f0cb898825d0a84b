"""What the account's owner does beside the trader, and how odd the exchange's answers become."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.units import CENT
from kalshi_sandbox.exchange.rest.oddities import LISTS
from kalshi_sandbox.exchange.venue.accounts import NewOrder
from kalshi_sandbox.exchange.venue.payments import NewPayment, change_cash, pay, take_back
from kalshi_sandbox.exchange.venue.records import VenueMarket

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation


async def trades(on: "Simulation", random: Random) -> None:
    """The owner buys or sells in the exchange's own app, at once or by an order that waits.

    Where the trader holds something, often there: then it closes, or enlarges, a position of ours.
    """
    on.exchange.venue.advance(on.clock.now())
    market = _market(on, random)
    if market is None:
        return
    side, waits = random.choice(list(Side)), random.random() < 0.5
    best = (market.ask if side is Side.BUY else market.bid) or Decimal("0.50")
    off = CENT * random.randint(1, 5) * (-1 if waits else 1) * (1 if side is Side.BUY else -1)
    price = min(max(best + off, CENT), 1 - CENT)
    lasts = TimeInForce.GOOD_TILL_CANCELED if waits else TimeInForce.IMMEDIATE_OR_CANCEL
    on.witness.touch(market)
    count = Decimal(random.choice((1, 3, 10, 40)))
    on.tell(f"the owner: {side} {count} {market.ticker} at {price}, {lasts}")
    on.exchange.desk.place(on.account, NewOrder(market.ticker, side, price, count, lasts))


async def amends(on: "Simulation", random: Random) -> None:
    """The owner makes a resting order larger, smaller or dearer, ours or another."""
    on.exchange.venue.advance(on.clock.now())
    resting = sorted(on.account.all_resting(), key=lambda order: order.seq)
    if not resting:
        return
    order = random.choice(resting)
    on.witness.touch(order.market)
    whole = order.filled + order.remaining
    total = random.choice((whole * 2, whole + 1, max(order.filled + 1, whole / 2)))
    price = order.price + CENT * random.choice((0, 0, 1, -1))
    on.tell(f"the owner amends {order.market.ticker}: {whole} to {total} at {price}")
    on.exchange.desk.amend(
        on.account,
        order.order_id,
        price=min(max(price, CENT), 1 - CENT),
        total=total.quantize(CENT),
        expires_at=order.expires_at,
    )


async def cancels(on: "Simulation", random: Random) -> None:
    """The owner takes a resting order out of the book, ours or another."""
    on.exchange.venue.advance(on.clock.now())
    resting = sorted(on.account.all_resting(), key=lambda order: order.seq)
    if resting:
        on.exchange.desk.cancel(on.account, random.choice(resting).order_id)


async def pays(on: "Simulation", random: Random) -> None:
    """Money is paid in or out, at once or after a while; the bank may take it back."""
    on.exchange.venue.advance(on.clock.now())
    kind = random.choice(("deposit", "deposit", "withdrawal"))
    amount = Decimal(random.randint(1, 5000)) / 100
    pending = timedelta(minutes=random.choice((0, 0, 7)))
    fee = Decimal(random.choice((0, 0, 2))) / 10
    pay(on.exchange.venue, on.account, NewPayment(kind, amount, fee, "ach", pending))
    if kind == "deposit" and random.random() < 0.3:
        await asyncio.sleep(random.uniform(500, 900))
        on.exchange.venue.advance(on.clock.now())
        take_back(on.exchange.venue, on.account)


async def interest(on: "Simulation", random: Random) -> None:
    """Cash comes that is on no list."""
    on.exchange.venue.advance(on.clock.now())
    amount = Decimal(random.randint(1, 999)) / 10_000
    change_cash(on.exchange.venue, on.account, amount)
    on.witness.unlisted += amount


async def odd_rows(on: "Simulation", random: Random) -> None:
    """For a while lists have a row that nobody can read."""
    names = sorted(LISTS.values())
    on.exchange.oddities.make_odd(random.sample(names, random.randint(1, 3)))
    await asyncio.sleep(random.uniform(60, 1200))
    on.exchange.oddities.unreadable.clear()


async def odd_lists(on: "Simulation", random: Random) -> None:
    """For a while an empty list is null, and cents have fractions."""
    oddities = on.exchange.oddities
    oddities.null_lists = oddities.fractional_cents = True
    await asyncio.sleep(random.uniform(60, 1200))
    oddities.null_lists = oddities.fractional_cents = False


async def odd_pages(on: "Simulation", random: Random) -> None:
    """For a while pages come in any order, and some rows only later."""
    on.rows_missing = random.choice((0.0, 0.2, 0.6))
    await asyncio.sleep(random.uniform(30, 600))
    on.rows_missing = None


def _market(on: "Simulation", random: Random) -> VenueMarket | None:
    active = {
        ticker: market
        for ticker, market in sorted(on.exchange.venue.markets.items())
        if market.status is MarketStatus.ACTIVE
    }
    held = [t for t, p in on.account.positions.items() if p.count and t in active]
    if held and random.random() < 0.7:
        return active[random.choice(sorted(held))]
    return random.choice(list(active.values())) if active else None
