"""Whether the model means what it says: its bins' reliability, its PIT and its errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.domain.verdicts import CityView
from kalshi_edge.models.distribution import Normal
from kalshi_edge.models.scores import ReliabilityRow, pit_interval, reliability

PIT_CLASSES = 10
Z_95 = 1.96

Highs: TypeAlias = Mapping[tuple[str, date], int]


@dataclass(frozen=True, slots=True)
class ReliabilityMark:
    """A class of probabilities, and where its share would lie 19 times in 20 if they were true."""

    row: ReliabilityRow
    band_low: float
    band_high: float


@dataclass(frozen=True, slots=True)
class PitHistogram:
    """How the highs fall in the model's distributions: equal shares where it is calibrated."""

    shares: tuple[float, ...]
    count: int
    """City-days."""
    band_low: float
    band_high: float
    """Where a share would lie 19 times in 20 if the model were calibrated and days independent."""


@dataclass(frozen=True, slots=True)
class ForecastError:
    """How far the calibrated forecast was off; °F, high − μ."""

    city: str
    days: int
    mean_error_f: float
    rmse_f: float
    mean_sigma_f: float
    """What the model said its error would be."""


def reliability_points(
    forecasts: Iterable[tuple[Sequence[float], int]],
) -> tuple[ReliabilityMark, ...]:
    """The reliability of all bins' probabilities, given with the index of the bin that won.

    The band is forecast ± 1.96 √(f (1 − f)/n), for independent cases.

    >>> point = reliability_points([((0.2, 0.8), 1)] * 50)[0]
    >>> point.row.count, point.row.observed, round(point.band_high, 3)
    (50, 0.0, 0.311)
    """
    pairs = ((p, i == won) for forecast, won in forecasts for i, p in enumerate(forecast))
    return tuple(
        ReliabilityMark(row, max(row.forecast - half, 0.0), min(row.forecast + half, 1.0))
        for row in reliability(pairs)
        for half in (Z_95 * sqrt(row.forecast * (1 - row.forecast) / row.count),)
    )


def pit_histogram(views: Iterable[CityView], highs: Highs) -> PitHistogram | None:
    """The PIT of every known high, each spread evenly over its interval of probabilities.

    The mean of the days' uniform distributions on (F(a − ½), F(a + ½)): what randomised PITs would
    show on average, without drawing any (Czado, Gneiting & Held 2009).
    """
    pairs = [
        (_distribution(view), high_f)
        for view in views
        if (high_f := highs.get((view.city, view.climate_day))) is not None
    ]
    if not pairs:
        return None
    share = 1 / PIT_CLASSES
    half = Z_95 * sqrt(share * (1 - share) / len(pairs))
    return PitHistogram(pit_shares(pairs), len(pairs), max(share - half, 0.0), share + half)


def pit_shares(pairs: Sequence[tuple[Normal, int]]) -> tuple[float, ...]:
    """The shares of ten equal classes of PIT, from distributions and the highs that came."""
    edges = np.linspace(0.0, 1.0, PIT_CLASSES + 1)
    days = [_uniform_shares(*pit_interval(one, high_f), edges) for one, high_f in pairs]
    return tuple(float(value) for value in np.mean(days, axis=0))


def forecast_errors(views: Iterable[CityView], highs: Highs) -> tuple[ForecastError, ...]:
    """The calibrated forecast's errors, city by city."""
    by_city: dict[str, list[tuple[float, float]]] = {}
    for view in views:
        high_f = highs.get((view.city, view.climate_day))
        if high_f is not None:
            by_city.setdefault(view.city, []).append((high_f - view.mu_f, view.sigma_f))
    return tuple(
        ForecastError(
            city=city,
            days=len(pairs),
            mean_error_f=float(np.mean([error for error, _ in pairs])),
            rmse_f=sqrt(np.mean([error**2 for error, _ in pairs])),
            mean_sigma_f=float(np.mean([sigma_f for _, sigma_f in pairs])),
        )
        for city, pairs in sorted(by_city.items())
    )


def _distribution(view: CityView) -> Normal:
    return Normal(view.mu_f, view.sigma_f)


def _uniform_shares(low: float, high: float, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of the interval from ``low`` to ``high`` lies between each pair of edges."""
    if high <= low:
        # So far out that its probability is 0 in floating point: all of it is at one end.
        return np.histogram([low], edges)[0].astype(float)
    return np.diff(np.clip((edges - low) / (high - low), 0.0, 1.0))
