"""The one learner: a parameter vector, its precision, one Newton step per settled day.

Old days are forgotten towards a prior, so that what is not seen any more returns to it (Bayesian
online learning by a Laplace step with exponential forgetting). The record is the whole state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kalshi_edge.domain.beliefs import Belief, Matrix, Vector


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed without any day, and how fast days are forgotten towards it."""

    theta: Vector
    precision: Vector
    """The diagonal of P₀."""
    keep: float
    """δ: the weight that a day keeps when the next one comes, 0 to 1."""

    @property
    def belief(self) -> Belief:
        """What is believed before the first day."""
        return _belief(np.array(self.theta), np.diag(self.precision))


def learned(belief: Belief, prior: Prior, score: ArrayLike, information: ArrayLike) -> Belief:
    """``belief`` after one more day, whose log likelihood has this gradient and information.

    P ← δP + (1−δ)P₀ + I, then θ ← θ + P⁻¹(score + (1−δ)P₀(θ₀ − θ)). ``score`` and
    ``information`` are those at the old θ: a vector and a positive semidefinite matrix. With both 0
    the belief moves towards the prior.

    >>> prior = Prior((0.0,), (1.0,), keep=1.0)
    >>> learned(prior.belief, prior, [3.0], [[1.0]])  # one reading of 3, as precise as the prior
    Belief(theta=(1.5,), precision=((2.0,),))
    """
    prior_theta, flow_back = _arrays(prior)
    theta = np.array(belief.theta)
    precision = prior.keep * np.array(belief.precision)
    precision += np.asarray(information)
    precision.flat[:: len(theta) + 1] += flow_back  # its diagonal
    pull = flow_back * (prior_theta - theta)
    return _belief(theta + np.linalg.solve(precision, np.asarray(score) + pull), precision)


def weakened(belief: Belief, factor: float) -> Belief:
    """``belief`` held ``factor`` times less firmly: the same θ, P ÷ ``factor``.

    >>> weakened(Belief((1.5,), ((2.0,),)), 4.0)
    Belief(theta=(1.5,), precision=((0.5,),))
    """
    return Belief(belief.theta, tuple(tuple(p / factor for p in row) for row in belief.precision))


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    """Σ oneᵢ · otherᵢ."""
    return sum(a * b for a, b in zip(one, other, strict=True))


@cache
def _arrays(prior: Prior) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """θ₀, and the diagonal of (1−δ)P₀: the same few priors serve every day of every city."""
    return np.array(prior.theta), (1.0 - prior.keep) * np.array(prior.precision)


def _belief(theta: NDArray[np.float64], precision: NDArray[np.float64]) -> Belief:
    rows: Matrix = tuple(map(tuple, precision.tolist()))
    return Belief(tuple(theta.tolist()), rows)
