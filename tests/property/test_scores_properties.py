"""Proper scores: on average nobody does better than by stating the truth."""

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.models.distribution import Normal, degree_probability
from kalshi_edge.models.scores import (
    brier,
    degree_crps,
    log_score,
    multi_brier,
    ranked_probability,
    reliability,
)

chances = st.floats(0.01, 0.99)


@st.composite
def shares(draw: st.DrawFn, size: int = 4) -> tuple[float, ...]:
    weights = [draw(st.floats(0.05, 1.0)) for _ in range(size)]
    return tuple(weight / sum(weights) for weight in weights)


@given(chances, chances)
def test_binary_scores_are_proper(truth: float, stated: float) -> None:
    for score in (brier, lambda p, happened: log_score(p if happened else 1 - p)):
        honest, other = (
            truth * score(p, True) + (1 - truth) * score(p, False) for p in (truth, stated)
        )
        assert honest <= other + 1e-12


@given(shares(), shares())
def test_scores_of_ladders_are_proper(truth: tuple[float, ...], stated: tuple[float, ...]) -> None:
    for score in (multi_brier, ranked_probability):
        honest, other = (
            sum(chance * score(p, i) for i, chance in enumerate(truth)) for p in (truth, stated)
        )
        assert honest <= other + 1e-12


@given(st.floats(60, 80), st.floats(1, 4), st.floats(60, 80), st.floats(1, 4))
def test_the_crps_of_whole_degrees_is_proper(
    mu_f: float, sigma_f: float, other_mu_f: float, other_sigma_f: float
) -> None:
    truth, stated = Normal(mu_f, sigma_f), Normal(other_mu_f, other_sigma_f)
    honest, other = (
        sum(degree_probability(truth, k) * degree_crps(p, k) for k in range(30, 110))
        for p in (truth, stated)
    )
    assert honest <= other + 1e-6


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_a_reliability_table_keeps_all_forecasts_and_their_means(
    forecasts: list[tuple[float, bool]],
) -> None:
    rows = reliability(forecasts)
    assert sum(row.count for row in rows) == len(forecasts)
    assert isclose(
        sum(row.count * row.forecast for row in rows), sum(p for p, _ in forecasts), abs_tol=1e-9
    )
    assert all(row.low - 1e-12 <= row.forecast <= row.high for row in rows)
