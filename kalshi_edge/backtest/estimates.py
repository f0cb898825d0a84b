"""A mean and how sure it is: counted by climate day, days drawn in blocks of a week.

Everything of one date, whatever its city or bin, shares that date's weather and is one datum.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.models.statistics import block_draws, drawn_interval, effective_days

BLOCK_DAYS = 7
MIN_DAYS = 2 * BLOCK_DAYS
"""With fewer days than two blocks there is nothing to draw from, and no interval."""

Case: TypeAlias = tuple[date, float, float]
"""A climate day, a total, and over how many it is a total."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval and what it rests on."""

    mean: float
    low: float | None
    """``None``, as ``high``, where the days are too few for an interval."""
    high: float | None
    count: float
    """Over how many cases or contracts the mean is taken."""
    days: int
    """Climate days with any of them."""
    effective_days: float
    """What these days are worth as independent ones."""

    @property
    def sign(self) -> int:
        """1 or −1 where the whole interval lies above or below 0, else 0."""
        if self.low is None or self.high is None:
            return 0
        return (self.low > 0) - (self.high < 0)


def calendar(days: Iterable[date]) -> tuple[date, ...]:
    """Every day from the first to the last of ``days``, so that a week is a week.

    >>> [day.day for day in calendar([date(2024, 3, 4), date(2024, 3, 1)])]
    [1, 2, 3, 4]
    """
    present = set(days)
    if not present:
        return ()
    first = min(present)
    return tuple(first + timedelta(days=i) for i in range((max(present) - first).days + 1))


def estimate(cases: Iterable[Case], days: Sequence[date], seed: int) -> Estimate | None:
    """Σ totals ÷ Σ counts of ``cases``; ``None`` where there is nothing to count.

    ``days`` is the whole ``calendar`` that blocks are drawn from. What is drawn depends on its
    length and ``seed`` alone: no estimate depends on which others are made. The effective days are
    those of the dates with any count, in order, by their departure from the mean: total − mean ×
    count.

    >>> week = [(date(2024, 3, day), 2.0, 4.0) for day in range(1, 8)]
    >>> found = estimate(week, calendar(day for day, _, _ in week), seed=0)
    >>> found.mean, found.low, found.count, found.days
    (0.5, None, 28.0, 7)
    """
    totals: dict[date, float] = defaultdict(float)
    counts: dict[date, float] = defaultdict(float)
    for day, total, count in cases:
        totals[day] += total
        counts[day] += count
    present = [day for day in days if counts.get(day, 0.0) > 0]
    if not present:
        return None
    count = sum(counts[day] for day in present)
    mean = sum(totals[day] for day in present) / count
    low = high = None
    if len(present) >= MIN_DAYS:
        interval = drawn_interval(
            np.array([totals.get(day, 0.0) for day in days]),
            np.array([counts.get(day, 0.0) for day in days]),
            _draws(len(days), seed),
        )
        low, high = interval.low, interval.high
    return Estimate(
        mean=mean,
        low=low,
        high=high,
        count=count,
        days=len(present),
        effective_days=effective_days([totals[day] - mean * counts[day] for day in present]),
    )


@lru_cache(maxsize=1)
def _draws(days: int, seed: int) -> NDArray[np.float64]:
    """A report makes hundreds of estimates over one calendar, all from the same draws."""
    return block_draws(days, np.random.default_rng(seed), BLOCK_DAYS)
