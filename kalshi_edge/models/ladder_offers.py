"""What a ladder's books offer, what is held of it, and what its budgets allow, in exact dollars.

Buying more never frees budget: what an order would win in a bin offsets no loss there, since the
order may stay unfilled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.models.kelly import Array
from kalshi_edge.units import ONE, ZERO

LadderFee: TypeAlias = Callable[[str, Decimal, Decimal], Decimal]
"""The fee in dollars of taking so many contracts of a ticker at a price of their own side."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A level of a book as a contract to buy: YES at an ask, NO at a bid turned over."""

    ticker: str
    at: int
    """Which bin of the ladder; the lowest is 0."""
    side: Side
    """Of the YES book: a buy is one of YES, a sale of what is not held is a buy of NO."""
    level: Decimal
    """The level's price, dollars per YES contract."""
    depth: Decimal
    """Contracts."""
    cost: float
    """Dollars that one contract costs with its fee before rounding."""

    @property
    def price(self) -> Decimal:
        """What one contract of its own side costs before the fee, dollars."""
        return self.level if self.side is Side.BUY else ONE - self.level

    def pays_in(self, won: int) -> bool:
        """Whether it pays its dollar where bin ``won`` wins."""
        return (won == self.at) is (self.side is Side.BUY)


@dataclass(frozen=True, slots=True)
class LadderHolding:
    """Contracts of one bin that are held, or on order and counted as if they had filled."""

    at: int
    """Which bin of the ladder; the lowest is 0."""
    side: Side
    """As an offer's. An order that sells what is held is a holding of the other side."""
    count: Decimal
    paid: Decimal
    """Dollars, fees included; on order the most that it can cost."""

    def result_in(self, won: int) -> Decimal:
        """What it pays where bin ``won`` wins, less what was paid, dollars."""
        pays = (won == self.at) is (self.side is Side.BUY)
        return (self.count if pays else ZERO) - self.paid


@dataclass(frozen=True, slots=True)
class LadderBudget:
    """What a ladder may be bought with; dollars."""

    equity: Decimal
    """B: the account's equity at the day's opening."""
    cash: Decimal
    """Free, after what live orders may cost."""
    loss: Decimal
    """At most this may be lost in the worst bin, with what is held and on order."""
    fraction: Decimal = Decimal("0.25")
    """λ: the share of equity that is to grow fastest."""
    step: Decimal = ONE
    """Contracts come in multiples of this."""


def offers(
    books: Sequence[Book | None], fee: LadderFee, *, least: Decimal = ZERO, most: Decimal = ONE
) -> tuple[Offer, ...]:
    """Every level of a ladder's books whose own side's price lies from ``least`` to ``most``.

    ``books`` has one per bin, lowest first, ``None`` where nothing may be bought; ``fee`` is the
    exchange's before rounding.
    """
    return tuple(
        Offer(book.ticker, at, side, level.price, level.count, float(price + unit_fee))
        for at, book in enumerate(books)
        if book is not None
        for side, levels in ((Side.BUY, book.asks), (Side.SELL, book.bids))
        for level in levels
        for price in (level.price if side is Side.BUY else ONE - level.price,)
        if least <= price <= most
        for unit_fee in (fee(book.ticker, price, ONE),)
    )


class BudgetUse:
    """The budgets of one ladder: first free cash, then the loss in each bin, all in dollars.

    An order's loss in a bin is what it costs less what it pays there, and 0 where it pays more:
    unfilled is worse then. A position is certain: what it wins in a bin does offset losses there.
    """

    def __init__(
        self,
        offered: Sequence[Offer],
        budget: LadderBudget,
        most_fee: LadderFee,
        held: Sequence[LadderHolding],
        live: Sequence[LadderHolding],
        *,
        bins: int,
    ) -> None:
        self._offered, self._most_fee = offered, most_fee
        self._bins = range(bins)
        self.limits = (budget.cash, *(budget.loss for _ in self._bins))
        self.before = (
            ZERO,
            *(
                sum((max(-one.result_in(won), ZERO) for one in live), ZERO)
                - sum((one.result_in(won) for one in held), ZERO)
                for won in self._bins
            ),
        )
        """Used before anything is bought."""
        self._room = np.array(
            [float(most - used) for most, used in zip(self.limits, self.before, strict=True)]
        )
        self._unit_use = np.array(
            [
                [one.cost, *(max(one.cost - one.pays_in(won), 0.0) for won in self._bins)]
                for one in offered
            ]
        ).reshape(len(offered), 1 + bins)

    def checks(self) -> tuple[Check, ...]:
        """Whether what is held and on order is within the budgets by itself."""
        cash, worst, most = self.limits[0], max(self.before[1:]), self.limits[1]
        return (
            Check("free_cash", cash >= ZERO, f"${cash:.4f}", "≥ $0"),
            Check("held_loss", worst <= most, f"${worst:.4f}", f"≤ ${most:.4f}"),
        )

    def outlay(self, at: int, count: Decimal) -> Decimal:
        """The most that ``count`` contracts of an offer can cost, the fee rounded up."""
        one = self._offered[at]
        return one.price * count + self._most_fee(one.ticker, one.price, count) if count else ZERO

    def use(self, at: int, count: Decimal) -> tuple[Decimal, ...]:
        """What ``count`` contracts of an offer use of each budget."""
        outlay, one = self.outlay(at, count), self._offered[at]
        losses = (outlay - count if one.pays_in(won) else outlay for won in self._bins)
        return (outlay, *(max(loss, ZERO) for loss in losses))

    def part_that_fits(self, x: Array) -> float:
        """The largest t, 0 to 1, for which t·x is within every budget, fees before rounding."""
        wanted = x @ self._unit_use
        over = wanted > self._room
        return float((self._room[over] / wanted[over]).min()) if over.any() else 1.0
