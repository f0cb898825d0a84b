"""Pool and mixture: against conditional logit, against the bound that they promise."""

from datetime import date, timedelta
from itertools import product
from math import log

import numpy as np
import pytest
import scoringrules
from statsmodels.discrete.conditional_models import ConditionalLogit

from kalshi_edge.domain.beliefs import PoolLesson, PoolState
from kalshi_edge.models.pool import (
    FRESH,
    PRIOR_WEIGHTS,
    excess_bound,
    free_vector,
    mixed_weights,
    pooled,
    posterior,
    weights_of,
)
from kalshi_edge.models.scores import log_score

DAY = date(2024, 1, 1)


def drawn(generator: np.random.Generator, bins: int = 6) -> tuple[float, ...]:
    weights = generator.dirichlet(np.ones(bins))
    return tuple(float(p) for p in weights)


def settled(state: PoolState, mid: tuple[float, ...], own: tuple[float, ...], won: int,
            number: int = 0) -> tuple[PoolState, float, float]:  # fmt: skip
    """The state after a ladder whose result comes at once, and both log losses."""
    said = posterior(state, mid, own, vector=0)
    lesson = PoolLesson(DAY + timedelta(days=number), said.mid, said.own, said.issued, 0, won)
    return pooled(state, lesson), log_score(said.probabilities[won]), log_score(mid[won])


def test_before_any_result_it_is_the_market() -> None:
    mid, own = (0.2, 0.5, 0.3), (0.6, 0.3, 0.1)
    said = posterior(FRESH, mid, own, vector=0)
    assert said.probabilities == pytest.approx(mid)
    assert (said.earned_weight, said.market_sharpening) == (0.0, 0.0)
    assert said.weights == PRIOR_WEIGHTS


def test_a_forecast_that_knows_more_earns_weight_and_one_that_knows_nothing_does_not() -> None:
    generator = np.random.default_rng(5)
    earned: dict[bool, float] = {}
    for knows in (True, False):
        state = FRESH
        for number in range(400):
            mid, own = drawn(generator), drawn(generator)
            won = int(generator.choice(6, p=own if knows else mid))
            state, _, _ = settled(state, mid, own, won, number)
        said = posterior(state, (0.2, 0.5, 0.3), (0.6, 0.3, 0.1), 0)
        earned[knows] = said.earned_weight
    assert earned[True] > 0.6
    assert earned[False] < 0.15


def test_a_market_that_is_too_flat_is_sharpened_and_that_is_not_our_merit() -> None:
    generator = np.random.default_rng(6)
    state = FRESH
    for number in range(500):
        mid = drawn(generator)
        sharp = np.array(mid) ** 2 / np.sum(np.array(mid) ** 2)
        won = int(generator.choice(6, p=sharp))
        state, _, _ = settled(state, mid, drawn(generator), won, number)
    said = posterior(state, (0.2, 0.5, 0.3), (0.6, 0.3, 0.1), 0)
    assert said.market_sharpening > 0.3
    assert said.earned_weight < 0.1


def test_the_step_follows_the_likelihood_of_a_conditional_logit() -> None:
    generator = np.random.default_rng(3)
    mid, own, won = drawn(generator), drawn(generator), 2
    features = np.column_stack((np.log(mid), np.log(own)))
    said = posterior(FRESH, mid, own, 0)
    after = pooled(FRESH, PoolLesson(DAY, said.mid, said.own, said.issued, 0, won))
    answers = np.zeros(6)
    answers[won] = 1
    model = ConditionalLogit(answers, features, groups=np.zeros(6, dtype=int))
    # the prior's pull is 0 on the first day: the step is P⁻¹ times the gradient
    moved = np.array(after.pool.theta) - (1.0, 0.0)
    assert np.array(after.pool.precision) @ moved == pytest.approx(
        model.score(np.array([1.0, 0.0])), abs=1e-9
    )
    variance = np.array(after.pool.precision) - 20 * np.eye(2)
    assert variance == pytest.approx(-model.hessian(np.array([1.0, 0.0])), abs=1e-3)


def test_many_ladders_lead_near_the_fit_of_a_conditional_logit() -> None:
    generator = np.random.default_rng(4)
    state, rows, answers, groups = FRESH, [], [], []
    for number in range(600):
        mid, own = drawn(generator), drawn(generator)
        truth = np.array(mid) ** 0.6 * np.array(own) ** 0.8
        won = int(generator.choice(6, p=truth / truth.sum()))
        state, _, _ = settled(state, mid, own, won, number)
        rows.append(
            np.column_stack((np.log(np.maximum(mid, 0.003)), np.log(np.maximum(own, 0.001))))
        )
        answers += [int(i == won) for i in range(6)]
        groups += [number] * 6
    fit = ConditionalLogit(np.array(answers), np.vstack(rows), groups=np.array(groups)).fit(
        disp=False
    )
    assert fit.params == pytest.approx([0.6, 0.8], abs=0.1)
    assert state.pool.theta == pytest.approx(fit.params, abs=0.25)


def test_the_brier_and_log_scores_are_those_of_scoringrules() -> None:
    assert log_score(0.3) == pytest.approx(scoringrules.logs_binomial(1, 1, 0.3), rel=1e-6)


# --- the bound --------------------------------------------------------------------------------


def adversary(kind: str, said, generator: np.random.Generator) -> int:
    """The bin that wins, chosen after the forecast was seen."""
    p, mid = np.array(said.probabilities), np.array(said.mid)
    match kind:
        case "worst against the market":
            return int(np.argmin(p / mid))
        case "worst for us":
            return int(np.argmin(p))
        case "as the market fears":
            return int(np.argmax(mid))
        case _:
            return int(generator.integers(len(p)))


KINDS = ("worst against the market", "worst for us", "as the market fears", "random")


@pytest.mark.parametrize(("kind", "delay_days"), list(product(KINDS, (1, 2, 3, 6))))
def test_the_excess_stays_within_the_bound_whatever_comes_however_late(
    kind: str, delay_days: int
) -> None:
    generator = np.random.default_rng(delay_days)
    state, outstanding, excess, vectors = FRESH, {}, 0.0, 1
    for number in range(500):
        for due in [n for n in outstanding if n <= number - delay_days]:
            state = pooled(state, outstanding.pop(due))
        vector = free_vector({lesson.vector for lesson in outstanding.values()})
        said = posterior(state, drawn(generator), drawn(generator), vector)
        won = adversary(kind, said, generator)
        vectors = max(vectors, vector + 1)
        excess += log(said.issued[0][won] / said.probabilities[won])
        assert excess <= excess_bound(vectors, number + 1) + 1e-9
        outstanding[number] = PoolLesson(
            DAY + timedelta(days=number), said.mid, said.own, said.issued, vector, won
        )
    assert vectors == delay_days


def test_results_that_come_at_random_within_six_days_keep_the_bound() -> None:
    generator = np.random.default_rng(11)
    state, outstanding, excess, vectors = FRESH, {}, 0.0, 1
    for number in range(1500):
        for key in [key for key in outstanding if key[0] <= number]:
            state = pooled(state, outstanding.pop(key))
        vector = free_vector({lesson.vector for lesson in outstanding.values()})
        said = posterior(state, drawn(generator), drawn(generator), vector)
        won = adversary("worst against the market", said, generator)
        vectors = max(vectors, vector + 1)
        excess += log(said.issued[0][won] / said.probabilities[won])
        due = number + int(generator.integers(2, 7))
        outstanding[due, number] = PoolLesson(
            DAY + timedelta(days=number), said.mid, said.own, said.issued, vector, won
        )
        assert excess <= excess_bound(vectors, number + 1) + 1e-9
    assert 2 <= vectors <= 6


def test_one_vector_alone_breaks_its_bound_where_results_come_late() -> None:
    """Why there are several: otherwise the same surprise is paid for once a day until it is known.

    Forecasts of several days rest on the same weights, so an adversary takes each of them.
    """
    weights, excess, waiting = PRIOR_WEIGHTS, 0.0, []
    mid, other = (0.5, 0.5), (0.9999, 0.0001)
    broken = False
    for number in range(2000):
        if len(waiting) >= 6:
            weights = mixed_weights(weights, waiting.pop(0))
        # the expert that has had the better results is wrong this time
        p = [
            sum(w * e[i] for w, e in zip(weights, (mid, other, other), strict=True)) for i in (0, 1)
        ]
        won = int(np.argmin(p))
        excess += log(0.5 / p[won])
        waiting.append((0.5, other[won], other[won]))
        broken |= excess > excess_bound(1, number + 1)
    assert broken


def test_a_new_vector_starts_at_the_prior() -> None:
    assert weights_of(FRESH, 3) == PRIOR_WEIGHTS
    said = posterior(FRESH, (0.5, 0.5), (0.9, 0.1), 2)
    taught = pooled(FRESH, PoolLesson(DAY, said.mid, said.own, said.issued, 2, 0))
    assert taught.weights[:2] == (PRIOR_WEIGHTS, PRIOR_WEIGHTS)
    assert len(taught.weights) == 3
