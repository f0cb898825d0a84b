"""Intervals and effective days on series whose truth is known."""

import numpy as np
import pytest

from kalshi_edge.errors import InputError
from kalshi_edge.models.statistics import effective_days, mean_interval


def persistent(generator: np.random.Generator, days: int, rho: float) -> np.ndarray:
    """A first-order autoregression of unit variance."""
    noise = generator.normal(0, np.sqrt(1 - rho**2), days)
    series = np.empty(days)
    series[0] = generator.normal()
    for i in range(1, days):
        series[i] = rho * series[i - 1] + noise[i]
    return series


def test_the_interval_of_independent_days_is_the_textbook_one() -> None:
    series = np.random.default_rng(1).normal(0.3, 1.0, 400)
    interval = mean_interval(series, np.random.default_rng(2), block_days=1)
    half = 1.96 * series.std() / np.sqrt(400)
    assert interval.estimate == pytest.approx(series.mean())
    assert interval.high - interval.estimate == pytest.approx(half, rel=0.1)
    assert interval.estimate - interval.low == pytest.approx(half, rel=0.1)


def test_blocks_widen_the_interval_of_persistent_days_and_cover_the_truth() -> None:
    generator = np.random.default_rng(7)
    covered = {1: 0, 14: 0}
    for _ in range(200):
        series = persistent(generator, 365, 0.7)
        for block_days in covered:
            interval = mean_interval(series, generator, block_days=block_days, samples=300)
            covered[block_days] += interval.low <= 0.0 <= interval.high
    # 95 % is promised; counting days as independent keeps that promise only 6 times in 10
    assert covered[1] < 140
    assert covered[14] > 170


def test_a_ratio_weighs_days_by_their_counts() -> None:
    interval = mean_interval(
        [10.0, 0.0, -1.0, 0.0] * 20,
        np.random.default_rng(1),
        counts=[10.0, 0.0, 1.0, 0.0] * 20,
        block_days=4,
    )
    assert interval.estimate == pytest.approx(9 / 11)
    assert interval.low <= interval.estimate <= interval.high


def test_the_same_seed_gives_the_same_interval() -> None:
    values = list(range(30))
    one, two = (mean_interval(values, np.random.default_rng(4)) for _ in range(2))
    assert one == two


def test_too_few_dates_and_nothing_to_count_are_refused() -> None:
    with pytest.raises(InputError, match="10 dates"):
        mean_interval([1.0] * 10, np.random.default_rng(1))
    with pytest.raises(InputError, match="all counts are 0"):
        mean_interval([0.0] * 20, np.random.default_rng(1), counts=[0.0] * 20)


def test_persistence_costs_days_as_the_formula_says() -> None:
    series = persistent(np.random.default_rng(3), 20_000, 0.6)
    assert effective_days(series) / 20_000 == pytest.approx((1 - 0.6) / (1 + 0.6), rel=0.1)


def test_a_series_is_never_worth_more_than_its_length() -> None:
    assert effective_days([1.0, -1.0] * 10) == 20
    assert effective_days([0.5] * 8) == 8
