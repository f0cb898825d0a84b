"""How many contracts of each level of a ladder's books: joint Kelly within budgets, in whole steps.

Exactly one bin pays, so that all bins, both sides of each and what is held are one bet (Kelly 1956,
over the winning bin). The stakes are those of a fraction λ of equity and, where budgets do not
allow them, of a smaller one. It only buys.

Stakes are searched in ``float`` dollars with fees before rounding; whole contracts are counted in
exact dollars with fees as the exchange rounds them, and keep to the budgets by that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.domain.verdicts import Check
from kalshi_edge.models.kelly import GAP, Array, Growth, growth_nats, most_growth
from kalshi_edge.models.ladder_offers import (
    BudgetUse,
    LadderBudget,
    LadderFee,
    LadderHolding,
    Offer,
)
from kalshi_edge.units import ZERO, ceil_to, floor_to

FRACTION_HALVINGS = 8


@dataclass(frozen=True, slots=True)
class Purchase:
    """Contracts to buy of one level: an order of its own, at the level's price or better."""

    offer: Offer
    count: Decimal
    outlay: Decimal
    """The most that it can cost in dollars, the fee rounded up as the exchange rounds."""


@dataclass(frozen=True, slots=True)
class LadderStakes:
    """What to buy of a ladder, and how that was found; nothing where a check failed."""

    checks: tuple[Check, ...]
    purchases: tuple[Purchase, ...] = ()
    fraction: float = 0.0
    """The λ whose stakes these are."""
    stakes: Vector = ()
    """Contracts of each offer before they were made whole, within the budgets."""
    nats: float = 0.0
    """What the whole contracts gain at the full λ: Σ p ln(W/W⁰)."""
    gap: float = 0.0
    """Nats that other stakes could gain at most at ``fraction``, before any part was taken."""


def ladder_stakes(
    probabilities: Vector,
    offered: Sequence[Offer],
    budget: LadderBudget,
    most_fee: LadderFee,
    *,
    held: Sequence[LadderHolding] = (),
    live: Sequence[LadderHolding] = (),
) -> LadderStakes:
    """The contracts that let λ·equity grow fastest, as far as the budgets go.

    Maximises Σₛ pₛ ln(Wₛ/W⁰ₛ), s the winning bin: Wₛ = λB + what ``held`` and ``live`` result in +
    Σ x (pay − cost), W⁰ the same before buying, 0 ≤ x ≤ depth. ``probabilities`` has one per bin,
    lowest first; ``most_fee`` is the most that an order can be charged.

    Where the stakes of λ exceed a budget, 8 bisections between the λ that leaves no wealth and the
    full one keep the last whose stakes fit; if none do, or if they gain nothing at the full λ, it
    is the largest part t·x of the full λ's stakes that fits. Whole contracts: rounded down, dropped
    while over a budget, added while that gains and fits, never beyond the stakes rounded up; if
    they gain nothing at the full λ after all, none.

    >>> from kalshi_edge.domain.orders import Side
    >>> yes = Offer("KXHIGHNY-26NOV22-B52.5", 0, Side.BUY, Decimal("0.40"), Decimal(500), 0.4)
    >>> budget = LadderBudget(equity=Decimal(1000), cash=Decimal(900), loss=Decimal(100))
    >>> no_fee = lambda ticker, price, count: ZERO
    >>> found = ladder_stakes((0.5, 0.5), (yes,), budget, no_fee)  # a sixth of $250, at 40 ¢ each
    >>> [int(one.count) for one in found.purchases], round(found.stakes[0], 2)
    ([104], 104.17)
    >>> other = LadderHolding(at=1, side=Side.BUY, count=Decimal(100), paid=Decimal(40))
    >>> found = ladder_stakes((0.5, 0.5), (yes,), budget, no_fee, held=(other,))  # now it hedges
    >>> [int(one.count) for one in found.purchases]
    [212]
    """
    bet = _LadderBet(probabilities, offered, budget, (*held, *live))
    use = BudgetUse(offered, budget, most_fee, held, live, bins=len(probabilities))
    checks = (bet.wealth_check(), *use.checks())
    if not all(check.passed for check in checks):
        return LadderStakes(checks)
    fraction, growth, x = _within(bet, use)
    figure = f"{growth.gap:.1e} nats"
    checks = (*checks, Check("kelly_gap", growth.gap <= GAP, figure, f"≤ {GAP:.0e} nats"))
    if not checks[-1].passed:
        return LadderStakes(checks, fraction=fraction, gap=growth.gap)
    whole = _WholeContracts(bet, use, budget.step, fraction, x)
    whole.drop_what_exceeds()
    whole.add_what_gains()
    nats = bet.nats(bet.full, np.array([float(count) for count in whole.counts]))
    purchases = tuple(
        Purchase(one, count, use.outlay(at, count))
        for at, (one, count) in enumerate(zip(offered, whole.counts, strict=True))
        if count > ZERO and nats > 0.0
    )
    gained = nats if purchases else 0.0
    return LadderStakes(checks, purchases, fraction, tuple(x.tolist()), gained, growth.gap)


class _LadderBet:
    """A ladder as a bet on its winning bin, at any λ."""

    def __init__(
        self,
        probabilities: Vector,
        offered: Sequence[Offer],
        budget: LadderBudget,
        holdings: Sequence[LadderHolding],
    ) -> None:
        bins = range(len(probabilities))
        self.p = np.array(probabilities)
        self.offered = offered
        self.full, self._equity = float(budget.fraction), budget.equity
        self.held = [sum((one.result_in(won) for one in holdings), ZERO) for won in bins]
        self.returns = np.array(
            [[one.pays_in(won) - one.cost for won in bins] for one in offered]
        ).reshape(len(offered), len(bins))
        self.depths = [float(one.depth) for one in offered]

    def wealth(self, fraction: float) -> Array:
        """Dollars in each bin before anything is bought."""
        share = Decimal(fraction) * self._equity
        return np.array([float(share + result) for result in self.held])

    @property
    def least_fraction(self) -> float:
        """The λ that leaves no wealth in the worst bin; 0 where nothing can be lost."""
        return max(0.0, float(-min(self.held) / self._equity))

    def wealth_check(self) -> Check:
        """Whether λ·equity outlives every bin with what is held and on order."""
        least = float(self.wealth(self.full).min())
        return Check("wealth", least > 0.0, f"${least:.4f}", "> $0")

    def best(self, fraction: float) -> Growth:
        """The stakes that gain most at a λ, whatever the budgets."""
        return most_growth(self.p, self.wealth(fraction), self.returns, self.depths)

    def nats(self, fraction: float, x: Array) -> float:
        """What stakes gain at a λ."""
        return growth_nats(self.p, self.wealth(fraction), self.returns, x)


def _within(bet: _LadderBet, use: BudgetUse) -> tuple[float, Growth, Array]:
    """The λ used, its growth, and its stakes or the part of them that the budgets allow."""
    whole = bet.best(bet.full)
    x = np.array(whole.stakes)
    part = use.part_that_fits(x)
    if part == 1.0:
        return bet.full, whole, x
    low, high = bet.least_fraction, bet.full
    kept: tuple[float, Growth, Array] | None = None
    for _ in range(FRACTION_HALVINGS):
        middle = 0.5 * (low + high)
        growth = bet.best(middle)
        smaller = np.array(growth.stakes)
        if use.part_that_fits(smaller) == 1.0:
            kept, low = (middle, growth, smaller), middle
        else:
            high = middle
    if kept is not None and bet.nats(bet.full, kept[2]) > 0.0:
        return kept
    return bet.full, whole, part * x


class _WholeContracts:
    """Contracts in whole steps near the stakes ``x``: what they use, and what they leave in a bin.

    More contracts never use less of a budget, so that what does not fit now will not fit later, and
    there is always one to drop.
    """

    def __init__(
        self, bet: _LadderBet, use: BudgetUse, step: Decimal, fraction: float, x: Array
    ) -> None:
        self._p, self._use, self._step = bet.p, use, step
        exact = [Decimal(stake) for stake in x.tolist()]
        depths = [floor_to(one.depth, step) for one in bet.offered]
        self.counts = [min(floor_to(n, step), most) for n, most in zip(exact, depths, strict=True)]
        self._most = [min(ceil_to(n, step), most) for n, most in zip(exact, depths, strict=True)]
        wealth = bet.wealth(fraction)
        self._step_bets = float(step) * bet.returns / wealth
        self._ratios = 1.0 + np.array([float(n) for n in self.counts]) @ bet.returns / wealth
        """W/W⁰ in each bin."""
        used = (use.use(at, count) for at, count in enumerate(self.counts) if count)
        self._used = [sum(figures, ZERO) for figures in zip(use.before, *used, strict=True)]

    def drop_what_exceeds(self) -> None:
        """Drop contracts until every budget holds.

        Of those that lessen the greatest excess the one whose loss costs least; where rounding
        hides what a small step saves, of all.
        """
        while (worst := max(excess := self._excess(self._used))) > ZERO:
            bought = [at for at, count in enumerate(self.counts) if count]
            values = self._values(bought, -1)
            lessens = [self._after(at, -1)[excess.index(worst)] < worst for at in bought]
            best = max(range(len(bought)), key=lambda i: (lessens[i], values[i]))
            self._move(bought[best], -1)

    def add_what_gains(self) -> None:
        """Add the single contract that gains most and fits, until none does."""
        near = [at for at, count in enumerate(self.counts) if count < self._most[at]]
        while near:
            values = self._values(near, 1)
            best = int(values.argmax())
            if not values[best] > _mean_log(self._p, self._ratios[None, :])[0]:
                return
            at = near[best]
            fits = max(self._excess(self._after(at, 1))) <= ZERO
            if fits:
                self._move(at, 1)
            if not fits or self.counts[at] >= self._most[at]:
                near.remove(at)

    def _values(self, offered: list[int], steps: int) -> Array:
        """Σ p ln(W/W⁰) with so many steps more of each offer, one at a time."""
        return _mean_log(self._p, self._ratios + steps * self._step_bets[offered])

    def _after(self, at: int, steps: int) -> list[Decimal]:
        """What is used of each budget with so many steps more of an offer."""
        count = self.counts[at]
        before, after = self._use.use(at, count), self._use.use(at, count + steps * self._step)
        return [used - old + new for used, old, new in zip(self._used, before, after, strict=True)]

    def _excess(self, used: list[Decimal]) -> list[Decimal]:
        return [have - most for have, most in zip(used, self._use.limits, strict=True)]

    def _move(self, at: int, steps: int) -> None:
        self._used = self._after(at, steps)
        self.counts[at] += steps * self._step
        self._ratios = self._ratios + steps * self._step_bets[at]


def _mean_log(p: Array, ratios: Array) -> Array:
    """Σ p ln of each row; −∞ where a bin is left without wealth."""
    alive = ratios.min(axis=1) > 0.0
    values = np.full(len(ratios), -np.inf)
    values[alive] = np.log(ratios[alive]) @ p
    return values
