"""The distribution of a day's maximum, and what it gives to bins of whole °F.

The maximum before rounding is normal, or, once the day has begun, whatever the thermometer has left
of that. The station rounds to whole °F, so a bin's probability runs between half degrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, erfc, floor, fsum, inf, isfinite, sqrt
from statistics import NormalDist
from typing import Protocol

from kalshi_edge.domain.market import Bin
from kalshi_edge.errors import InputError

_SQRT_2 = sqrt(2.0)
_STANDARD = NormalDist()


class Distribution(Protocol):
    """A distribution of a day's maximum, °F."""

    @property
    def mu_f(self) -> float:
        """Its mean, °F."""
        ...

    @property
    def sigma_f(self) -> float:
        """Its standard deviation, °F."""
        ...

    def cdf(self, x_f: float) -> float:
        """The probability of at most ``x_f`` °F."""
        ...

    def between(self, low_f: float, high_f: float) -> float:
        """The probability of more than ``low_f`` and at most ``high_f`` °F; either may be ∞."""
        ...


@dataclass(frozen=True, slots=True)
class Normal:
    """A normal distribution of a temperature: mean ``mu_f`` and standard deviation, both °F.

    Raises ``InputError`` where a figure is not finite or ``sigma_f`` is not positive.
    """

    mu_f: float
    sigma_f: float

    def __post_init__(self) -> None:
        if not (isfinite(self.mu_f) and 0 < self.sigma_f < inf):
            raise InputError(f"no normal distribution has mean {self.mu_f} and σ {self.sigma_f} °F")

    def cdf(self, x_f: float) -> float:
        """The probability that the temperature is at most ``x_f`` °F: ½ erfc(−z/√2).

        Exact to about 1e-16 relative in the lower tail, where 1 + erf would lose all digits.

        >>> Normal(80.0, 2.5).cdf(80.0), Normal(80.0, 2.5).cdf(30.0) > 0
        (0.5, True)
        """
        return 0.5 * erfc((self.mu_f - x_f) / self.sigma_f / _SQRT_2)

    def between(self, low_f: float, high_f: float) -> float:
        """Φ((high − μ)/σ) − Φ((low − μ)/σ).

        Above the mean the difference of the upper tails is taken, so that far bins keep their
        digits and nothing is ever negative.
        """
        scale = self.sigma_f * _SQRT_2
        low, high = (low_f - self.mu_f) / scale, (high_f - self.mu_f) / scale
        return 0.5 * (erfc(low) - erfc(high) if low > 0 else erfc(-high) - erfc(-low))

    def quantile(self, probability: float) -> float:
        """The temperature, °F, that is not exceeded with ``probability``, 0 < probability < 1.

        >>> round(Normal(80.0, 2.5).quantile(0.9), 2)
        83.2
        """
        if not 0 < probability < 1:
            raise InputError(f"a quantile's probability lies between 0 and 1, not {probability}")
        return self.mu_f + self.sigma_f * _STANDARD.inv_cdf(probability)


@dataclass(frozen=True, slots=True)
class Degrees:
    """A distribution over whole °F: ``probabilities`` of ``first_f``, the next degree, and so on.

    Between half degrees the probability is spread evenly. Raises ``InputError`` where there is
    none, one is negative, or they do not sum to 1.
    """

    first_f: int
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        total = fsum(self.probabilities)
        if not (abs(total - 1.0) < 1e-9 and min(self.probabilities) >= 0):
            raise InputError(f"probabilities of degrees sum to {total}, not to 1")

    @property
    def mu_f(self) -> float:
        """The mean, °F.

        >>> Degrees(84, (0.5, 0.25, 0.25)).mu_f
        84.75
        """
        return fsum((self.first_f + i) * p for i, p in enumerate(self.probabilities))

    @property
    def sigma_f(self) -> float:
        """The standard deviation of the whole °F."""
        mu_f = self.mu_f
        spread = fsum((self.first_f + i - mu_f) ** 2 * p for i, p in enumerate(self.probabilities))
        return sqrt(spread)

    def cdf(self, x_f: float) -> float:
        """The probability of at most ``x_f`` °F, before rounding.

        >>> high = Degrees(84, (0.5, 0.25, 0.25))
        >>> high.cdf(84.0), high.cdf(84.5), high.cdf(90.0)
        (0.25, 0.5, 1.0)
        """
        return self.between(-inf, x_f)

    def between(self, low_f: float, high_f: float) -> float:
        """The probability of more than ``low_f`` and at most ``high_f`` °F."""
        total = fsum(
            p * max(min(high_f - degree, 0.5) - max(low_f - degree, -0.5), 0.0)
            for degree, p in enumerate(self.probabilities, self.first_f)
        )
        return min(total, 1.0)  # all of them may sum to a little more


REACH_SIGMAS = 9.0
"""Beyond this nothing is left that a float could show."""


def in_degrees(distribution: Distribution, *, up_to_f: float = -inf) -> Degrees:
    """``distribution`` over whole °F; the outermost degrees hold the tails.

    >>> in_degrees(Normal(84.0, 1.0)).between(83.5, 84.5) == Normal(84.0, 1.0).between(83.5, 84.5)
    True
    """
    reach_f = REACH_SIGMAS * distribution.sigma_f
    first_f = floor(distribution.mu_f - reach_f)
    last_f = ceil(max(distribution.mu_f + reach_f, up_to_f))
    edges = [-inf, *(degree + 0.5 for degree in range(first_f, last_f)), inf]
    parts = [distribution.between(low, high) for low, high in pairwise(edges)]
    return weighted(first_f, parts)


def weighted(first_f: int, weights: Sequence[float]) -> Degrees:
    """Probabilities in proportion to ``weights``; ``InputError`` where all of these are 0."""
    total = fsum(weights)
    if not 0 < total < inf:
        raise InputError(f"weights of degrees from {first_f} °F sum to {total}")
    return Degrees(first_f, tuple(weight / total for weight in weights))


def bin_probability(distribution: Distribution, bin_: Bin) -> float:
    """The probability that the day's maximum in whole °F falls into ``bin_``.

    Between the bin's half-degree edges: Φ((upper + ½ − μ)/σ) − Φ((lower − ½ − μ)/σ) for a normal.

    >>> round(bin_probability(Normal(74.0, 2.5), Bin(73, 74)), 4)
    0.305
    """
    return distribution.between(*bin_.edges_f)


def ladder_probabilities(distribution: Distribution, bins: Sequence[Bin]) -> tuple[float, ...]:
    """The probability of each bin, in order; they sum to 1 where the bins tile the integers.

    >>> ladder = (Bin(None, 72), Bin(73, 74), Bin(75, None))
    >>> [round(p, 3) for p in ladder_probabilities(Normal(74.0, 2.5), ladder)]
    [0.274, 0.305, 0.421]
    """
    return tuple(bin_probability(distribution, bin_) for bin_ in bins)


def degree_probability(distribution: Distribution, degree_f: int) -> float:
    """The probability that the day's maximum is ``degree_f`` whole °F.

    >>> round(degree_probability(Normal(74.0, 2.5), 74), 4)
    0.1585
    """
    return bin_probability(distribution, Bin(degree_f, degree_f))
