"""Market and own forecast pooled, and mixed so that the result is never much worse than the market.

The pool is p ∝ midᵃ · ownᵇ, a and b learned from settled ladders (logarithmic pool: Genest & Zidek
1986). Three experts, the mid, the sharpened mid (midᵃ alone) and the pool, are mixed by their
likelihood so far; 2 % of the weight flows back each day (fixed share: Herbster & Warmuth 1998).

The bound. Where each result is in before the next forecast, the cumulative log loss exceeds the
mid's by at most ln 2 + n · (−ln 0.99). Results come late, so each forecast takes the lowest weight
vector without an outstanding result: each vector sees a sequence without delay, and with K vectors
the excess is at most K ln 2 + n · (−ln 0.99).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.domain.beliefs import (
    Belief,
    Lead,
    Matrix,
    PoolLesson,
    PoolRecord,
    PoolState,
    Vector,
)
from kalshi_edge.models.learner import Prior, learned
from kalshi_edge.models.quoted import floored

KEEP = 0.99
PRECISION = 20.0
POOL_PRIOR = Prior((1.0, 0.0), (PRECISION, PRECISION), KEEP)
SHARPENED_PRIOR = Prior((1.0,), (PRECISION,), KEEP)
LEAST_MID, LEAST_OWN = 0.003, 0.001
OWN_FLOOR = 1e-9
EXPERT_FLOOR = 1e-4
PRIOR_WEIGHTS: Vector = (0.5, 0.25, 0.25)
"""Of mid, sharpened mid and pool."""
FLOW_BACK = 0.02


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a ladder's probabilities are, market and own forecast together."""

    mid: Vector
    own: Vector
    issued: Matrix
    """Mid, sharpened mid and pool."""
    vector: int
    probabilities: Vector
    """The mixture p*."""
    weights: Vector
    earned_weight: float
    """Of our forecast: w_pool · max(b, 0)."""
    market_sharpening: float
    """The market's own: w_midᵃ (a − 1) + w_pool (a₂ − 1)."""


FRESH = PoolState(POOL_PRIOR.belief, SHARPENED_PRIOR.belief, ())


def fresh_pool(city: str, lead: Lead) -> PoolRecord:
    """The record of a city and lead class before the first ladder."""
    return PoolRecord(city, lead, "", FRESH)


def free_vector(outstanding: Collection[int]) -> int:
    """The lowest weight vector with no result outstanding.

    >>> free_vector({0, 1, 3}), free_vector(())
    (2, 0)
    """
    return next(k for k in range(len(outstanding) + 1) if k not in outstanding)


def posterior(state: PoolState, mid: Vector, own: Sequence[float], vector: int) -> Posterior:
    """The pooled and mixed probabilities of a ladder, bins in the order of ``mid`` and ``own``."""
    own = floored(own, OWN_FLOOR)
    theta, sharpening = state.pool.theta, state.sharpened.theta
    issued = (
        floored(mid, EXPERT_FLOOR),
        floored(_softmax(_sharpened_x(mid), sharpening), EXPERT_FLOOR),
        floored(_softmax(_pool_x(mid, own), theta), EXPERT_FLOOR),
    )
    weights = weights_of(state, vector)
    mixed = tuple(
        sum(w * p[i] for w, p in zip(weights, issued, strict=True)) for i in range(len(mid))
    )
    return Posterior(
        mid=mid,
        own=own,
        issued=issued,
        vector=vector,
        probabilities=mixed,
        weights=weights,
        earned_weight=weights[2] * max(theta[1], 0.0),
        market_sharpening=weights[1] * (sharpening[0] - 1.0) + weights[2] * (theta[0] - 1.0),
    )


def weights_of(state: PoolState, vector: int) -> Vector:
    """The weights in that vector; a new one starts at the prior."""
    return state.weights[vector] if vector < len(state.weights) else PRIOR_WEIGHTS


def mixed_weights(weights: Vector, likelihoods: Sequence[float]) -> Vector:
    """The weights once the experts gave what came these probabilities.

    wₖ ← wₖ pₖ, normalised; then 2 % flows back to the prior.

    >>> [round(w, 3) for w in mixed_weights((0.5, 0.25, 0.25), (0.2, 0.2, 0.6))]
    [0.337, 0.168, 0.495]
    """
    gained = [w * p for w, p in zip(weights, likelihoods, strict=True)]
    total = sum(gained)
    back = zip(gained, PRIOR_WEIGHTS, strict=True)
    return tuple((1.0 - FLOW_BACK) * w / total + FLOW_BACK * prior for w, prior in back)


def excess_bound(vectors: int, forecasts: int) -> float:
    """At most so many nats may the mixture's cumulative log loss exceed the mid's.

    >>> round(excess_bound(1, 0), 4)
    0.6931
    """
    return vectors * log(2.0) - forecasts * log(1.0 - FLOW_BACK / 2.0)


def pooled(state: PoolState, lesson: PoolLesson) -> PoolState:
    """``state`` after one more settled ladder."""
    weights = [*state.weights]
    weights += [PRIOR_WEIGHTS] * (lesson.vector + 1 - len(weights))
    likelihoods = [expert[lesson.won] for expert in lesson.issued]
    weights[lesson.vector] = mixed_weights(weights[lesson.vector], likelihoods)
    return replace(
        state,
        pool=_stepped(state.pool, POOL_PRIOR, _pool_x(lesson.mid, lesson.own), lesson.won),
        sharpened=_stepped(state.sharpened, SHARPENED_PRIOR, _sharpened_x(lesson.mid), lesson.won),
        weights=tuple(weights),
        ladders=state.ladders + 1,
    )


def _sharpened_x(mid: Vector) -> NDArray[np.float64]:
    return np.log(np.maximum(np.array(mid, dtype=np.float64), LEAST_MID)).reshape(-1, 1)


def _pool_x(mid: Vector, own: Sequence[float]) -> NDArray[np.float64]:
    return np.column_stack((_sharpened_x(mid), np.log(np.maximum(np.array(own), LEAST_OWN))))


def _softmax(x: NDArray[np.float64], theta: Vector) -> Vector:
    logits = x @ np.array(theta)
    weights = np.exp(logits - logits.max())
    return tuple((weights / weights.sum()).tolist())


def _stepped(belief: Belief, prior: Prior, x: NDArray[np.float64], won: int) -> Belief:
    p = np.array(_softmax(x, belief.theta))
    mean = p @ x
    variance = (x - mean).T @ ((x - mean) * p[:, np.newaxis])
    return learned(belief, prior, x[won] - mean, variance)
