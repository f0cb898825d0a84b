"""Scores against hand-computed figures, numerical integrals and each other."""

from math import isclose, log

import numpy as np
import pytest
from scipy.stats import norm

from kalshi_edge.models.distribution import Normal
from kalshi_edge.models.scores import (
    brier,
    crps,
    degree_crps,
    log_score,
    multi_brier,
    pit_interval,
    randomised_pit,
    ranked_probability,
    reliability,
)


def test_brier_scores_by_hand() -> None:
    assert brier(1.0, True) == 0.0
    assert brier(1.0, False) == 1.0
    assert isclose(multi_brier((0.1, 0.2, 0.3, 0.4), 3), 0.01 + 0.04 + 0.09 + 0.36)
    assert multi_brier((1.0, 0.0), 1) == 2.0


def test_the_brier_score_of_two_bins_is_twice_the_one_sided_score() -> None:
    assert isclose(multi_brier((0.3, 0.7), 1), 2 * brier(0.7, True))


def test_the_ranked_score_by_hand_forgives_a_near_miss() -> None:
    # cumulated: .1 .3 .6 against 0 0 1 → .01 + .09 + .16, over K − 1 = 3
    assert isclose(ranked_probability((0.1, 0.2, 0.3, 0.4), 2), (0.01 + 0.09 + 0.16) / 3)
    sure = (1.0, 0.0, 0.0, 0.0)
    assert ranked_probability(sure, 0) == 0.0
    assert ranked_probability(sure, 1) < ranked_probability(sure, 2) < ranked_probability(sure, 3)
    assert ranked_probability(sure, 3) == 1.0


def test_the_log_score_is_clipped_where_it_says() -> None:
    assert isclose(log_score(0.25), log(4))
    assert log_score(0.0) == log_score(1e-7) == -log(1e-6)


@pytest.mark.parametrize("actual_f", [60.0, 68.3, 70.0, 71.0, 85.0])
def test_the_closed_form_of_the_crps_is_its_integral(actual_f: float) -> None:
    x, step = np.linspace(20.0, 120.0, 2_000_001, retstep=True)
    integral = ((norm.cdf(x, 70.0, 2.5) - (x >= actual_f)) ** 2).sum() * step
    assert isclose(crps(Normal(70.0, 2.5), actual_f), integral, rel_tol=1e-4)


def test_a_calibrated_normal_has_a_crps_of_0_564_sigma() -> None:
    actual_f = norm.rvs(70.0, 2.45, size=20_000, random_state=np.random.default_rng(3))
    mean = np.mean([crps(Normal(70.0, 2.45), value) for value in actual_f])
    assert isclose(mean, 0.5642 * 2.45, rel_tol=0.02)


def test_the_crps_of_whole_degrees_without_spread_is_the_absolute_error() -> None:
    assert degree_crps(Normal(70.0, 0.01), 74) == pytest.approx(4.0)
    assert degree_crps(Normal(70.0, 0.01), 70) == pytest.approx(0.0)


def test_the_crps_of_whole_degrees_counts_an_outcome_beyond_the_reach_of_the_sum() -> None:
    assert degree_crps(Normal(70.0, 1.0), 100) == pytest.approx(30 - 1 / np.sqrt(np.pi), abs=0.05)


def test_calibrated_whole_degrees_have_a_uniform_randomised_pit() -> None:
    generator = np.random.default_rng(5)
    high = Normal(70.3, 1.4)
    actual = np.floor(generator.normal(high.mu_f, high.sigma_f, 20_000) + 0.5).astype(int)
    draws = [
        randomised_pit(high, int(a), u)
        for a, u in zip(actual, generator.random(20_000), strict=True)
    ]
    shares = np.histogram(draws, bins=10, range=(0, 1))[0] / 20_000
    assert np.abs(shares - 0.1).max() < 0.01


def test_pit_intervals_of_neighbouring_degrees_join() -> None:
    high = Normal(70.3, 1.4)
    assert pit_interval(high, 70)[1] == pit_interval(high, 71)[0]


def test_a_reliability_table_counts_every_forecast_once() -> None:
    rows = reliability([(0.0, False), (0.05, True), (0.95, True), (1.0, True)])
    assert [(r.low, r.high, r.count) for r in rows] == [(0.0, 0.1, 2), (0.9, 1.0, 2)]
    assert [r.observed for r in rows] == [0.5, 1.0]
    assert [r.forecast for r in rows] == pytest.approx([0.025, 0.975])
