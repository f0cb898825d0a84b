"""How sure a mean over days is, when days resemble their neighbours.

Everything is counted by date: bins and cities of one date share its weather and are one datum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.errors import InputError


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the bounds it lies between with the stated confidence."""

    low: float
    estimate: float
    high: float


def mean_interval(
    totals: Sequence[float],
    generator: np.random.Generator,
    *,
    counts: Sequence[float] | None = None,
    block_days: int = 7,
    samples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Σ totals / Σ counts over dates, with a bootstrap interval that keeps neighbours together.

    ``totals`` and ``counts`` (1 each where left out) hold one figure per date, in date order; a
    date on which nothing happened has 0 in both. Each sample draws as many dates as there are, in
    runs of ``block_days`` that wrap around the end (circular blocks: Politis & Romano 1992), and
    the bounds are the percentiles of the samples' ratios. Pass paired differences to compare two
    forecasts. Raises ``InputError`` where there are fewer dates than two blocks or nothing counts.

    >>> interval = mean_interval([1.0, -1.0] * 50, np.random.default_rng(1), block_days=2)
    >>> interval.estimate, interval.low <= 0.0 <= interval.high
    (0.0, True)
    """
    total = np.asarray(totals, dtype=float)
    count = np.ones_like(total) if counts is None else np.asarray(counts, dtype=float)
    days = len(total)
    if days < 2 * block_days or len(count) != days:
        raise InputError(f"{days} dates and {len(count)} counts: two blocks are {2 * block_days}")
    if count.sum() <= 0:
        raise InputError("nothing to take a mean of: all counts are 0")
    return drawn_interval(total, count, block_draws(days, generator, block_days, samples), level)


def block_draws(
    days: int, generator: np.random.Generator, block_days: int = 7, samples: int = 2000
) -> NDArray[np.float64]:
    """How often each sample (a row) draws each date (a column), in runs that wrap around the end.

    >>> draws = block_draws(10, np.random.default_rng(1), block_days=5, samples=3)
    >>> draws.sum(axis=1).tolist()
    [10.0, 10.0, 10.0]
    """
    starts = generator.integers(0, days, size=(samples, ceil(days / block_days), 1))
    drawn = ((starts + np.arange(block_days)) % days).reshape(samples, -1)[:, :days]
    cells = drawn + days * np.arange(samples)[:, np.newaxis]
    return np.bincount(cells.ravel(), minlength=samples * days).reshape(samples, days).astype(float)


def drawn_interval(
    total: NDArray[np.float64],
    count: NDArray[np.float64],
    draws: NDArray[np.float64],
    level: float = 0.95,
) -> Interval:
    """Σ total / Σ count with the bounds that ``draws`` of their dates give."""
    sums, weights = (draws @ np.column_stack((total, count))).T
    # A sample of dates without any count has no mean; it says nothing either way.
    ratios = sums[weights > 0] / weights[weights > 0]
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(total.sum() / count.sum()), float(high))


def effective_days(values: Sequence[float]) -> float:
    """How many independent days the mean of a daily series is worth: n (1 − ρ)/(1 + ρ).

    ρ is the correlation of neighbouring days, taken as 0 where negative, so that a series is never
    worth more than its length (first-order autoregression: Wilks 2011, §5.2.4).

    >>> effective_days([1.0, -1.0, 1.0, -1.0]), round(effective_days([0.0] * 10 + [1.0] * 10), 1)
    (4.0, 1.6)
    """
    deviation = np.asarray(values, dtype=float) - np.mean(values)
    square = float(deviation @ deviation)
    if square == 0.0:
        return float(len(values))
    rho = max(float(deviation[:-1] @ deviation[1:]) / square, 0.0)
    return len(values) * (1 - rho) / (1 + rho)
