"""Scores of probability forecasts: each says its formula, its range and where it comes from.

All are proper: nobody gains by stating anything but what he believes. Lower is better.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, exp, floor, log, pi, sqrt

from kalshi_edge.models.distribution import Normal

LOG_CLIP = 1e-6
"""The smallest probability that the log score believes; one miss costs at most 13.8 nats."""


def brier(probability: float, happened: bool) -> float:
    """The Brier score of one yes-or-no forecast: (p − o)², 0 to 1 (Brier 1950).

    >>> round(brier(0.7, True), 2)
    0.09
    """
    return (probability - happened) ** 2


def multi_brier(probabilities: Sequence[float], winner: int) -> float:
    """The Brier score over all bins: Σ (pᵢ − oᵢ)², 0 to 2 (Brier 1950, as first written).

    ``winner`` is the index of the bin that won.

    >>> round(multi_brier((0.2, 0.5, 0.3), 1), 2)
    0.38
    """
    return sum(brier(p, i == winner) for i, p in enumerate(probabilities))


def brier_per_bin(said: Sequence[tuple[Sequence[float], int]]) -> float:
    """The mean Brier score over all bins of all ladders, not the sum over a ladder's.

    ``said`` has each ladder's probabilities and the index of the bin that won.

    >>> round(brier_per_bin([((0.7, 0.3), 0), ((0.5, 0.5), 1)]), 2)
    0.17
    """
    total = sum(multi_brier(some, won) for some, won in said)
    return float(total / sum(len(some) for some, _ in said))


def ranked_probability(probabilities: Sequence[float], winner: int) -> float:
    """The ranked probability score of ordered bins: Σ (Pₖ − Oₖ)² / (K − 1), 0 to 1.

    Cumulated, so that a near miss costs less than a wide one (Epstein 1969; Murphy 1971).

    >>> round(ranked_probability((0.2, 0.5, 0.3), 1), 3)
    0.065
    """
    cumulated = accumulate(probabilities[:-1])
    return sum(brier(p, i >= winner) for i, p in enumerate(cumulated)) / (len(probabilities) - 1)


def log_score(probability: float) -> float:
    """The logarithmic score of what happened: −ln max(p, 10⁻⁶), 0 to 13.8 nats (Good 1952).

    >>> round(log_score(0.5), 4), round(log_score(0.0), 1)
    (0.6931, 13.8)
    """
    return -log(max(probability, LOG_CLIP))


def crps(distribution: Normal, actual_f: float) -> float:
    """The continuous ranked probability score of a normal distribution, °F, 0 upwards.

    σ · (z (2Φ(z) − 1) + 2φ(z) − 1/√π), z = (actual − μ)/σ (Gneiting et al. 2005, eq. 5). The mean
    absolute error is the CRPS of a forecast without spread.

    >>> round(crps(Normal(70.0, 2.0), 71.0), 4)
    0.6628
    """
    sigma_f = distribution.sigma_f
    z = (actual_f - distribution.mu_f) / sigma_f
    density = exp(-0.5 * z * z) / sqrt(2 * pi)
    spread = 2 * distribution.cdf(actual_f) - 1
    return sigma_f * (z * spread + 2 * density - 1 / sqrt(pi))


def degree_crps(distribution: Normal, actual_f: int) -> float:
    """The CRPS of the maximum in whole °F: Σₖ (F(k + ½) − 1{k ≥ actual})², °F, 0 upwards.

    The one to use against settled figures: those are rounded, and the distribution with them.

    >>> round(degree_crps(Normal(70.0, 2.0), 71), 4)
    0.6481
    """
    reach_f = 9 * distribution.sigma_f
    low = min(floor(distribution.mu_f - reach_f), actual_f)
    high = max(ceil(distribution.mu_f + reach_f), actual_f)
    return sum(brier(distribution.cdf(k + 0.5), k >= actual_f) for k in range(low, high))


def pit_interval(distribution: Normal, actual_f: int) -> tuple[float, float]:
    """Where the settled whole °F falls in its distribution: (F(a − ½), F(a + ½)).

    Over many days, one uniform draw from each interval is uniform on 0 to 1 if the forecasts are
    calibrated (randomised PIT for discrete figures: Czado, Gneiting & Held 2009).

    >>> low, high = pit_interval(Normal(70.0, 2.0), 70)
    >>> round(low, 4), round(high, 4)
    (0.4013, 0.5987)
    """
    return distribution.cdf(actual_f - 0.5), distribution.cdf(actual_f + 0.5)


def randomised_pit(distribution: Normal, actual_f: int, uniform: float) -> float:
    """The point of ``pit_interval`` at the fraction ``uniform``, drawn by the caller, 0 to 1.

    >>> round(randomised_pit(Normal(70.0, 2.0), 70, 0.5), 4)
    0.5
    """
    low, high = pit_interval(distribution, actual_f)
    return low + uniform * (high - low)


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Forecasts with a probability in [low, high): what they said and what came."""

    low: float
    high: float
    count: int
    forecast: float
    """Their mean probability."""
    observed: float
    """The share that came true."""


def reliability(
    forecasts: Iterable[tuple[float, bool]], bins: int = 10
) -> tuple[ReliabilityRow, ...]:
    """The reliability table of (probability, happened) pairs in ``bins`` equal classes.

    Classes without forecasts are left out; probability 1 belongs to the last (Murphy & Winkler
    1977). Calibrated forecasts have ``forecast`` ≈ ``observed`` in every row.

    >>> rows = reliability([(0.1, False), (0.15, True), (0.9, True)], bins=2)
    >>> [(row.count, round(row.forecast, 3), row.observed) for row in rows]
    [(2, 0.125, 0.5), (1, 0.9, 1.0)]
    """
    classes: dict[int, list[tuple[float, bool]]] = {}
    for probability, happened in forecasts:
        classes.setdefault(min(int(probability * bins), bins - 1), []).append(
            (probability, happened)
        )
    return tuple(
        ReliabilityRow(
            low=i / bins,
            high=(i + 1) / bins,
            count=len(pairs),
            forecast=sum(p for p, _ in pairs) / len(pairs),
            observed=sum(happened for _, happened in pairs) / len(pairs),
        )
        for i, pairs in sorted(classes.items())
    )
