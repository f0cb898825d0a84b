"""The chance that an order is reached within a minute of its posting, learned from the tape.

Theory. Prints against one side of a market come as a Poisson process whose rate is what the tape
has shown of late; one of ``A`` contracts or fewer takes only what stands before an order with ``A``
contracts in front. The order is reached at the rate λ·P(X > A), so the chance within T seconds is
1 − exp(−T λ P(X > A)). None of the parts is known well: how far the past minutes' rate holds, what
a place behind the best price costs, whom a price better than all others brings. So each has an
exponent that is learned: ln(hazard) = θ·x, with x made of the logarithms of those parts and θ from
the plain theory on. An order that was taken back teaches for as long as it rested.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log, log1p

import numpy as np
from numpy.typing import NDArray

HORIZON_S = 60.0
SLOW_S, FAST_S = 2 * 3600.0, 15 * 60.0
"""How long prints count of one market's side, and of all of a ladder on one side: mean lifetimes
of exponential weights."""
LEAST_PRINTS = 0.25
"""Of a side without any: so many are assumed over the lifetime."""
SIZE_S = 3 * 24 * 3600.0
"""How long a print's size counts."""
RIDGE = 5.0
"""How many orders that were reached the plain theory counts for, in each exponent."""
STEPS, LONGEST_STEP = 30, 0.5
THEORY = (0.0, 0.5, 0.5, 1.0, -0.5, -1.0, 0.0, 0.0, 0.0, 0.0)
"""θ before anything is learned: the rate is half the market's own and half its ladder's."""
FEATURES = len(THEORY)
MOST_LOG_HAZARD = 3.0


@dataclass(slots=True)
class Decayed:
    """A sum in which what is ``lifetime_s`` old counts 1/e."""

    lifetime_s: float
    value: float = 0.0
    at_s: float = 0.0
    since_s: float | None = None

    def add(self, amount: float, at_s: float) -> None:
        """Count ``amount`` at an instant that is not before the last."""
        self.value = self.at(at_s) + amount
        self.at_s = at_s
        if self.since_s is None:
            self.since_s = at_s

    def at(self, at_s: float) -> float:
        """The sum as of ``at_s``."""
        return self.value * exp(-max(at_s - self.at_s, 0.0) / self.lifetime_s)

    def exposure_s(self, at_s: float, began_s: float) -> float:
        """Seconds that count since ``began_s``: a steady rate is the sum over so many."""
        return self.lifetime_s * -_expm1(-max(at_s - began_s, 1.0) / self.lifetime_s)


@dataclass(frozen=True, slots=True)
class QueueSpot:
    """Where an order would stand, as the books show it."""

    ticker: str
    ladder: str
    is_bid: bool
    price: float
    """Dollars per YES contract."""
    ahead: float
    """Contracts of others at its price."""
    better: float
    """Contracts of others at better prices of its side."""
    ticks_behind: float
    """From the best price of its side to its own, ticks; below 0 where it is better."""


@dataclass(slots=True)
class FillChance:
    """Rates, sizes and what was learned; instants are seconds that never go back."""

    theta: NDArray[np.float64] = field(default_factory=lambda: np.array(THEORY))
    _seen: list[tuple[tuple[float, ...], float, float]] = field(default_factory=list)
    _began_s: dict[str, float] = field(default_factory=dict)
    _sides: dict[tuple[str, bool], Decayed] = field(
        default_factory=lambda: defaultdict(lambda: Decayed(SLOW_S))
    )
    _ladders: dict[tuple[str, bool], Decayed] = field(
        default_factory=lambda: defaultdict(lambda: Decayed(FAST_S))
    )
    _sizes: tuple[Decayed, Decayed, Decayed] = field(
        default_factory=lambda: (Decayed(SIZE_S), Decayed(SIZE_S), Decayed(SIZE_S))
    )
    """Weight, Σ ln size, Σ ln² size."""

    def opened(self, ticker: str, ladder: str, at_s: float) -> None:
        """A market's tape is watched from now on."""
        self._began_s.setdefault(ticker, at_s)
        self._began_s.setdefault(ladder, at_s)

    def printed(
        self, ticker: str, ladder: str, count: float, at_s: float, *, hits_bids: bool
    ) -> None:
        """Contracts were taken from one side of a market."""
        self._sides[ticker, hits_bids].add(1.0, at_s)
        self._ladders[ladder, hits_bids].add(1.0, at_s)
        size = log(max(count, 0.01))
        for total, amount in zip(self._sizes, (1.0, size, size * size), strict=True):
            total.add(amount, at_s)

    def features(self, place: QueueSpot, at_s: float) -> tuple[float, ...]:
        """What the chance of an order at ``place`` depends on."""
        side, ladder = (
            self._sides[place.ticker, place.is_bid],
            self._ladders[place.ladder, place.is_bid],
        )
        slow_s = side.exposure_s(at_s, self._began_s.get(place.ticker, at_s))
        fast_s = ladder.exposure_s(at_s, self._began_s.get(place.ladder, at_s))
        own_rate = (side.at(at_s) + LEAST_PRINTS) / (slow_s + LEAST_PRINTS * FAST_S)
        ladder_rate = (ladder.at(at_s) + LEAST_PRINTS) / (fast_s + LEAST_PRINTS * FAST_S)
        front = place.ahead + place.better
        behind = max(place.ticks_behind, 0.0)
        own = min(max(place.price if place.is_bid else 1 - place.price, 0.01), 0.99)
        return (
            1.0,
            log(HORIZON_S * own_rate),
            log(HORIZON_S * ladder_rate / 6),
            log(self.tail(front)),
            min(behind, 1.0),
            log1p(max(behind - 1.0, 0.0)),
            float(place.ticks_behind < 0),
            log1p(max(-place.ticks_behind - 1.0, 0.0)),
            log(own),
            log(1 - own),
        )

    def tail(self, front: float) -> float:
        """P(X > ``front``): that a print is of more contracts, sizes taken as log-normal.

        >>> chance = FillChance()
        >>> for at_s, size in enumerate((5.0, 10.0, 20.0, 40.0)):
        ...     chance.printed("T", "L", size, float(at_s), hits_bids=True)
        >>> chance.tail(0), round(chance.tail(14.14), 2), chance.tail(100) < chance.tail(50)
        (1.0, 0.5, True)
        """
        if front <= 0:
            return 1.0
        weight, total, squares = (one.value for one in self._sizes)
        if weight < 2:
            return 1 / (1 + front)
        mean = total / weight
        sd = max(squares / weight - mean * mean, 0.04) ** 0.5
        # The logistic with the normal's spread: never 0, and monotone in every digit.
        return 1 / (1 + exp(min(1.702 * (log(front) - mean) / sd, 50.0)))

    def chance(self, features: Sequence[float]) -> float:
        """The probability of being reached within the horizon."""
        return -_expm1(-self._hazard(np.asarray(features)))

    def learn(self, features: Sequence[float], rested_s: float, *, was_reached: bool) -> None:
        """Keep that an order rested so long, and was reached then or not, for ``refit``."""
        share = min(max(rested_s, 0.0) / HORIZON_S, 1.0)
        self._seen.append((tuple(features), share, float(was_reached)))

    @property
    def learned(self) -> int:
        """How many orders were kept."""
        return len(self._seen)

    def refit(self) -> None:
        """Fit θ to all that was kept: penalised likelihood of a constant hazard, by Newton."""
        if not self._seen:
            return
        x = np.array([features for features, _, _ in self._seen])
        share = np.array([share for _, share, _ in self._seen])
        reached = np.array([reached for _, _, reached in self._seen])
        theta = np.array(THEORY)
        for _ in range(STEPS):
            expected = np.exp(np.minimum(x @ theta, MOST_LOG_HAZARD)) * share
            slope = x.T @ (reached - expected) - RIDGE * (theta - np.array(THEORY))
            curve = (x * expected[:, None]).T @ x + RIDGE * np.eye(FEATURES)
            step = np.linalg.solve(curve, slope)
            theta = theta + step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-12))
        self.theta = theta

    def _hazard(self, x: NDArray[np.float64]) -> float:
        """How often it is reached in a horizon's time, on average."""
        return exp(min(float(self.theta @ x), MOST_LOG_HAZARD))


def _expm1(x: float) -> float:
    return float(np.expm1(x))
