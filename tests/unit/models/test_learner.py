"""The one learner, against least squares, a filter written out, and its own prior."""

import numpy as np
import pytest
import statsmodels.api as sm

from kalshi_edge.domain.beliefs import Belief
from kalshi_edge.models.learner import Prior, learned, weakened

PRIOR = Prior((0.5, -1.0, 0.0), (4.0, 1.0, 0.25), keep=1.0)


def regression_step(belief: Belief, prior: Prior, x: np.ndarray, y: float) -> Belief:
    error = y - np.array(belief.theta) @ x
    return learned(belief, prior, x * error, np.outer(x, x))


def test_without_forgetting_it_is_ridge_regression_however_the_days_are_ordered() -> None:
    generator = np.random.default_rng(7)
    x = generator.normal(size=(60, 3))
    y = x @ np.array([1.0, 2.0, -0.5]) + generator.normal(size=60)
    belief = PRIOR.belief
    for row, value in zip(x, y, strict=True):
        belief = regression_step(belief, PRIOR, row, value)
    # the prior as three more observations
    root = np.sqrt(np.array(PRIOR.precision))
    padded = np.vstack((x, np.diag(root)))
    target = np.concatenate((y, root * np.array(PRIOR.theta)))
    assert belief.theta == pytest.approx(sm.OLS(target, padded).fit().params, abs=1e-9)
    assert np.array(belief.precision) == pytest.approx(padded.T @ padded)


def test_with_forgetting_old_days_weigh_less_in_the_precision() -> None:
    prior = Prior((0.0,), (2.0,), keep=0.9)
    belief = prior.belief
    for _ in range(3):
        belief = regression_step(belief, prior, np.array([1.0]), 1.0)
    # the prior's own precision stays whole, a reading's falls by a tenth a day
    assert belief.precision[0][0] == pytest.approx(2.0 + 1 + 0.9 + 0.81)


def test_what_says_nothing_returns_to_the_prior() -> None:
    prior = Prior((0.25, 0.0), (1.0, 1.0), keep=0.95)
    belief = Belief((3.0, -2.0), ((50.0, 5.0), (5.0, 20.0)))
    for _ in range(2000):
        belief = learned(belief, prior, np.zeros(2), np.zeros((2, 2)))
    assert belief.theta == pytest.approx((0.25, 0.0), abs=1e-6)
    assert np.array(belief.precision) == pytest.approx(np.eye(2), abs=1e-6)


def test_an_input_that_is_never_there_is_as_if_it_did_not_exist() -> None:
    wide, narrow = Prior((0.0, 0.7), (1.0, 9.0), 0.99), Prior((0.0,), (1.0,), 0.99)
    with_it, without = wide.belief, narrow.belief
    for y in (1.0, 3.0, -2.0):
        with_it = regression_step(with_it, wide, np.array([1.0, 0.0]), y)
        without = regression_step(without, narrow, np.array([1.0]), y)
    assert with_it.theta == pytest.approx((*without.theta, 0.7))


def test_a_weakened_belief_moves_more() -> None:
    belief = Belief((0.0,), ((100.0,),))
    prior = Prior((0.0,), (1.0,), keep=1.0)
    firm = regression_step(belief, prior, np.array([1.0]), 1.0)
    loose = regression_step(weakened(belief, 4.0), prior, np.array([1.0]), 1.0)
    assert firm.theta[0] == pytest.approx(1 / 101)
    assert loose.theta[0] == pytest.approx(1 / 26)
