"""An account's money, exact to the last digit: what is paid, held, owed and paid out.

A YES contract costs its price, a NO contract one dollar less it; a pair is worth a dollar and is
paid out at once. Of every dollar paid in, part is cash, part is fees, the rest backs open pairs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Side
from kalshi_edge.trading.fees import model_fee
from kalshi_edge.units import MICRO, ONE, ZERO, ceil_to
from kalshi_sandbox.exchange.venue.records import VenueMarket

CENTICENT = Decimal("0.0001")


def cost_to_holder(side: Side, price: Decimal) -> Decimal:
    """Dollars that a contract costs whoever opens it on ``side`` at a YES price."""
    return price if side is Side.BUY else ONE - price


@dataclass(slots=True, eq=False)
class Position:
    """What an account holds in one market, and what it has made there, dollars without fees."""

    market: VenueMarket
    updated_at: datetime
    count: Decimal = ZERO
    """YES contracts, or NO contracts below zero."""
    cost: Decimal = ZERO
    """Paid for what is held now (average cost)."""
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    traded: Decimal = ZERO
    """Dollars paid for contracts, ever."""
    volume: Decimal = ZERO
    """Contracts traded, ever."""
    is_settled: bool = False

    def held(self, side: Side) -> Decimal:
        """Contracts that an order on ``side`` would close rather than open."""
        return max(self.count if side is Side.SELL else -self.count, ZERO)

    def trade(self, side: Side, price: Decimal, count: Decimal) -> Decimal:
        """Take over ``count`` contracts; the change of the account's cash before fees."""
        each = cost_to_holder(side, price)
        closing = min(count, self.held(side))
        opening = count - closing
        received = closing * (ONE - each)
        if closing:
            released = (self.cost * closing / self.held(side)).quantize(MICRO)
            released = self.cost if closing == self.held(side) else released
            self.cost -= released
            self.realized += received - released
        self.cost += opening * each
        self.traded += count * each
        self.volume += count
        self.count += count if side is Side.BUY else -count
        return received - opening * each

    def pay_out(self, value: Decimal) -> Decimal:
        """Settle at ``value`` dollars per YES contract; what the account receives."""
        payout = self.count * value if self.count > ZERO else -self.count * (ONE - value)
        self.realized += payout - self.cost
        self.count = self.cost = ZERO
        self.is_settled = True
        return payout


@dataclass(frozen=True, slots=True)
class Claim:
    """An order as far as its money goes."""

    side: Side
    price: Decimal
    count: Decimal
    may_take: bool = False
    """Whether it meets the other side already, so that it would pay a taker's fee."""


def collateral(position: Decimal, claims: Iterable[Claim], rule: FeeRule) -> Decimal:
    """Dollars that ``claims`` in one market may cost a holder of ``position``, fees included.

    Claims execute best price first; those that close the position cost nothing but fees.

    >>> claims = (Claim(Side.SELL, Decimal("0.40"), Decimal(15)),)
    >>> collateral(Decimal(10), claims, FeeRule())
    Decimal('3.00')
    """
    free = {Side.BUY: max(-position, ZERO), Side.SELL: max(position, ZERO)}
    total = ZERO
    for claim in sorted(claims, key=lambda claim: -cost_to_holder(claim.side, claim.price)):
        covered = min(free[claim.side], claim.count)
        free[claim.side] -= covered
        total += (claim.count - covered) * cost_to_holder(claim.side, claim.price)
        total += fee_bound(claim, rule)
    return total


def fee_bound(claim: Claim, rule: FeeRule) -> Decimal:
    """The most that filling ``claim`` may cost in fees: the model's fee and one rounding step."""
    # Walking away from 0.5 a better price may carry a dearer fee, but never a dearer sum.
    fee = model_fee(claim.price, claim.count, rule, is_taker=claim.may_take)
    return ceil_to(fee, CENTICENT) + CENTICENT if fee else ZERO
