"""The distribution of a day's maximum, and what it gives to bins of whole °F.

The maximum before rounding is normal; the station rounds it to whole °F, so a bin's probability
runs between half degrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, inf, isfinite, sqrt
from statistics import NormalDist

from kalshi_edge.domain.market import Bin
from kalshi_edge.errors import InputError

_SQRT_2 = sqrt(2.0)
_STANDARD = NormalDist()


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

    def quantile(self, probability: float) -> float:
        """The temperature, °F, that is not exceeded with ``probability``, 0 < probability < 1.

        >>> round(Normal(80.0, 2.5).quantile(0.9), 2)
        83.2
        """
        if not 0 < probability < 1:
            raise InputError(f"a quantile's probability lies between 0 and 1, not {probability}")
        return self.mu_f + self.sigma_f * _STANDARD.inv_cdf(probability)


def bin_probability(distribution: Normal, bin_: Bin) -> float:
    """The probability that the day's maximum in whole °F falls into ``bin_``.

    Φ((upper + ½ − μ)/σ) − Φ((lower − ½ − μ)/σ); above the mean the difference of the upper tails
    is taken, so that far bins keep their digits and nothing is ever negative.

    >>> round(bin_probability(Normal(74.0, 2.5), Bin(73, 74)), 4)
    0.305
    """
    low_f, high_f = bin_.edges_f
    scale = distribution.sigma_f * _SQRT_2
    low, high = (low_f - distribution.mu_f) / scale, (high_f - distribution.mu_f) / scale
    return 0.5 * (erfc(low) - erfc(high) if low > 0 else erfc(-high) - erfc(-low))


def ladder_probabilities(distribution: Normal, bins: Sequence[Bin]) -> tuple[float, ...]:
    """The probability of each bin, in order; they sum to 1 where the bins tile the integers.

    >>> ladder = (Bin(None, 72), Bin(73, 74), Bin(75, None))
    >>> [round(p, 3) for p in ladder_probabilities(Normal(74.0, 2.5), ladder)]
    [0.274, 0.305, 0.421]
    """
    return tuple(bin_probability(distribution, bin_) for bin_ in bins)


def degree_probability(distribution: Normal, degree_f: int) -> float:
    """The probability that the day's maximum is ``degree_f`` whole °F.

    >>> round(degree_probability(Normal(74.0, 2.5), 74), 4)
    0.1585
    """
    return bin_probability(distribution, Bin(degree_f, degree_f))
