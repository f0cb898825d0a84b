"""The stakes that grow a bankroll fastest when one of several outcomes comes, with a certificate.

Kelly (1956): maximise the mean logarithm of wealth. Solved by projected Newton steps (Bertsekas
1982, "Projected Newton methods for optimization problems with simple constraints"); the duality gap
says what could still be won, whichever way the stakes were found.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.errors import InputError

GAP = 1e-8
"""Nats: near enough to the maximum."""
MOST_STEPS = 1000
RIDGE = 1e-9
"""Of the largest diagonal: several instruments may be the same bet at the same price."""
ARMIJO = 1e-4
"""The share of the gain a step promises at its start that it must keep."""
NO_GAIN = 1e-11
"""Nats: what a step promises below this is lost in rounding, so that nothing is asked of it."""
HALVINGS = 40
BISECTIONS = 60

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Growth:
    """Stakes, what they are worth, and how far that may lie below the maximum."""

    stakes: Vector
    """Contracts of each instrument."""
    nats: float
    """Σ p ln(W/W⁰): the mean gain of the logarithm of wealth."""
    gap: float
    """Nats that other stakes can gain at most beyond these.

    Σᵢ max(Gᵢ(uᵢ − xᵢ), −Gᵢxᵢ, 0), G the slope at x and u the depths: a concave function lies below
    its tangent, whose maximum over the box this is. It trusts nothing of how x was found.
    """
    steps: int


def most_growth(
    probabilities: ArrayLike, wealth: ArrayLike, returns: ArrayLike, depths: ArrayLike
) -> Growth:
    """The stakes x, 0 ≤ x ≤ ``depths``, that maximise Σₛ pₛ ln(1 + (xR)ₛ / W⁰ₛ).

    ``probabilities`` p and ``wealth`` W⁰ (dollars before any of it is bought) have one figure per
    outcome, ``returns`` R one row per instrument with its net dollars per contract in each outcome,
    ``depths`` one figure per instrument, contracts. Found from x = 0; where several stakes are
    equally good the nearest to the way there.

    Raises ``InputError`` where an outcome has no probability or no wealth: whatever is impossible
    may be lost without regret, so that there is no maximum to speak of.

    >>> won = most_growth((0.5, 0.5), (100, 100), [(0.6, -0.4)], [1000])  # 40 ¢ for an even chance
    >>> round(won.stakes[0] * 0.4 / 100, 6)  # the textbook's (0.5 − 0.4)/(1 − 0.4)
    0.166667
    >>> won.gap <= 1e-8
    True
    """
    bet = _bet(probabilities, wealth, returns)
    most = np.asarray(depths, float)
    at = _Point(bet, np.zeros(len(most)))
    steps = 0
    while (terms := at.gap_terms(most)).sum() > GAP and steps < MOST_STEPS:
        x = _newton_step(at, most)
        if x is None:
            x = _line_step(at, most, int(terms.argmax()))
            if (x == at.x).all():
                break
        at = _Point(bet, x)
        steps += 1
    nats = float(bet.p @ np.log(at.ratios))
    return Growth(tuple(at.x.tolist()), nats, float(terms.sum()), steps)


def growth_nats(
    probabilities: ArrayLike, wealth: ArrayLike, returns: ArrayLike, stakes: ArrayLike
) -> float:
    """Σₛ pₛ ln(1 + (xR)ₛ / W⁰ₛ) of any stakes x; −∞ where an outcome would take everything.

    >>> round(growth_nats((0.5, 0.5), (100, 100), [(0.6, -0.4)], [41.7]), 4)
    0.0204
    >>> growth_nats((0.5, 0.5), (100, 100), [(0.6, -0.4)], [250])
    -inf
    """
    bet = _bet(probabilities, wealth, returns)
    won = np.asarray(stakes, float) @ bet.bets
    return float(bet.p @ np.log1p(won)) if won.min() > -1.0 else float("-inf")


@dataclass(frozen=True, slots=True)
class _Bet:
    p: Array
    bets: Array
    """One row per instrument: its dollars per contract over the wealth in each outcome."""


def _bet(probabilities: ArrayLike, wealth: ArrayLike, returns: ArrayLike) -> _Bet:
    p, start = np.asarray(probabilities, float), np.asarray(wealth, float)
    if not (p > 0.0).all() or not (start > 0.0).all():
        raise InputError(f"every outcome needs probability and wealth above 0, not {p}, {start}")
    return _Bet(p, np.asarray(returns, float).reshape(-1, len(p)) / start)


class _Point:
    """Stakes with what follows from them: wealth as a ratio to W⁰, and the slope of the growth."""

    __slots__ = ("bet", "ratios", "slope", "x")

    def __init__(self, bet: _Bet, x: Array) -> None:
        self.bet, self.x = bet, x
        self.ratios: Array = 1.0 + x @ bet.bets
        self.slope: Array = bet.bets @ (bet.p / self.ratios)

    def gap_terms(self, most: Array) -> Array:
        """What each instrument may still gain at most, nats."""
        up, down = self.slope * (most - self.x), -self.slope * self.x
        return np.maximum(np.maximum(up, down), 0.0)


def _direction(at: _Point, most: Array) -> Array:
    """Newton's step on the instruments that may move; 0 for those that their bounds hold.

    What stands at a bound and would step out of it is held too, and the step solved again.
    """
    low, high = at.x <= 0.0, at.x >= most
    free = np.flatnonzero(~((low & (at.slope <= 0.0)) | (high & (at.slope >= 0.0))))
    root = np.sqrt(at.bet.p)
    rows = at.bet.bets * (root / at.ratios)
    direction = np.zeros(len(at.x))
    while len(free):
        step = _solved(rows[free], root)
        out = (low[free] & (step < 0.0)) | (high[free] & (step > 0.0))
        if not out.any():
            direction[free] = step
            break
        free = free[~out]
    return direction


def _solved(rows: Array, root: Array) -> Array:
    """(BBᵀ + rI)⁻¹ B root, B the ``rows``: the Hessian is −BBᵀ and the slope B root.

    With more instruments than outcomes the same is B (BᵀB + rI)⁻¹ root: a small system, however
    many levels a book has.
    """
    ridge = RIDGE * float((rows * rows).sum(axis=1).max())
    is_small = rows.shape[0] <= rows.shape[1]
    system = rows @ rows.T if is_small else rows.T @ rows
    system.flat[:: len(system) + 1] += ridge
    if is_small:
        return np.asarray(np.linalg.solve(system, rows @ root), float)
    return np.asarray(rows @ np.linalg.solve(system, root), float)


def _newton_step(at: _Point, most: Array) -> Array | None:
    """The stakes after the longest halved step that gains what it should; ``None`` if none does."""
    direction = _direction(at, most)
    promised = float(at.slope @ direction)
    length = 1.0
    for _ in range(HALVINGS if promised > 0.0 else 0):
        x = np.minimum(np.maximum(at.x + length * direction, 0.0), most)
        change = x - at.x
        won = (change @ at.bet.bets) / at.ratios
        if won.min() > -1.0:
            gain, asked = float(at.bet.p @ np.log1p(won)), ARMIJO * float(at.slope @ change)
            if gain >= asked > 0.0 or promised < NO_GAIN:
                return x if change.any() else None
        length *= 0.5
    return None


def _line_step(at: _Point, most: Array, which: int) -> Array:
    """The stakes with that of one instrument where it is best while the others stay."""
    bet, old = at.bet.bets[which], float(at.x[which])
    rest = at.ratios - old * bet

    def slope(stake: float) -> float:
        ratios = rest + stake * bet
        if ratios.min() <= 0.0:  # an outcome without wealth: back to where there was
            return old - stake
        return float((at.bet.p / ratios) @ bet)

    low, high = 0.0, float(most[which])
    if slope(low) <= 0.0:
        high = low
    elif slope(high) >= 0.0:
        low = high
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) > 0.0 else (low, middle)
    x = at.x.copy()
    x[which] = high
    return x
