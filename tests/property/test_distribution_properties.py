"""What must hold for every distribution and every ladder."""

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import Bin
from kalshi_edge.models.distribution import (
    Normal,
    bin_probability,
    degree_probability,
    ladder_probabilities,
)

normals = st.builds(Normal, st.floats(-60, 140), st.floats(0.3, 15))


@st.composite
def ladders(draw: st.DrawFn) -> tuple[Bin, ...]:
    bottom = draw(st.integers(-60, 130))
    widths = draw(st.lists(st.integers(1, 4), max_size=8))
    bins, low = [Bin(None, bottom)], bottom + 1
    for width in widths:
        bins.append(Bin(low, low + width - 1))
        low += width
    return (*bins, Bin(low, None))


@given(normals, ladders())
def test_any_tiling_ladder_sums_to_one_and_no_bin_is_negative(
    high: Normal, ladder: tuple[Bin, ...]
) -> None:
    shares = ladder_probabilities(high, ladder)
    assert isclose(sum(shares), 1.0, abs_tol=1e-12)
    assert min(shares) >= 0.0


@given(normals, st.integers(-60, 140), st.integers(0, 6))
def test_a_bin_is_the_sum_of_its_degrees(high: Normal, low: int, extra: int) -> None:
    degrees = sum(degree_probability(high, degree) for degree in range(low, low + extra + 1))
    assert isclose(bin_probability(high, Bin(low, low + extra)), degrees, abs_tol=1e-12)


@given(st.integers(-40, 120), st.floats(0.3, 15), st.integers(-30, 30))
def test_degrees_as_far_below_as_above_the_mean_are_equally_likely(
    mu_f: int, sigma_f: float, away_f: int
) -> None:
    high = Normal(float(mu_f), sigma_f)
    below, above = (degree_probability(high, mu_f + sign * away_f) for sign in (-1, 1))
    assert isclose(below, above, rel_tol=1e-9)


@given(normals, st.floats(1e-6, 1 - 1e-6))
def test_the_quantile_turns_the_cdf_around(high: Normal, probability: float) -> None:
    assert isclose(high.cdf(high.quantile(probability)), probability, rel_tol=1e-6)
