"""The normal distribution and its bins against scipy and hand-computed figures."""

from math import isclose

import pytest
from scipy.stats import norm

from kalshi_edge.domain.market import Bin
from kalshi_edge.errors import InputError
from kalshi_edge.models.distribution import (
    Normal,
    bin_probability,
    degree_probability,
    ladder_probabilities,
)

LADDER = (Bin(None, 72), Bin(73, 74), Bin(75, 76), Bin(77, 78), Bin(79, 80), Bin(81, None))


@pytest.mark.parametrize("x_f", [-20.0, 35.0, 60.0, 74.0, 79.9, 95.0, 140.0])
def test_the_cdf_agrees_with_scipy_far_into_the_tails(x_f: float) -> None:
    assert isclose(Normal(74.0, 2.5).cdf(x_f), norm.cdf(x_f, 74.0, 2.5), rel_tol=1e-12)


@pytest.mark.parametrize("probability", [1e-9, 0.1, 0.5, 0.9, 1 - 1e-9])
def test_the_quantile_agrees_with_scipy(probability: float) -> None:
    quantile = Normal(74.0, 2.5).quantile(probability)
    assert isclose(quantile, norm.ppf(probability, 74.0, 2.5), rel_tol=1e-9)


def test_a_centred_two_degree_bin_has_the_honest_ceiling() -> None:
    # 2Φ(1/σ) − 1, as every study of these markets tabulates it: 29, 32, 37 and 47 %
    for sigma_f, percent in ((2.7, 29), (2.45, 32), (2.1, 37), (1.6, 47)):
        assert round(100 * bin_probability(Normal(73.5, sigma_f), Bin(73, 74))) == percent


def test_a_bin_runs_between_half_degrees_and_a_tail_from_its_half_degree() -> None:
    high = Normal(74.0, 2.5)
    assert isclose(bin_probability(high, Bin(None, 72)), norm.cdf(72.5, 74.0, 2.5))
    assert isclose(bin_probability(high, Bin(81, None)), norm.sf(80.5, 74.0, 2.5))
    assert isclose(degree_probability(high, 74), norm.cdf(0.2) - norm.cdf(-0.2))


def test_far_bins_keep_their_digits_on_both_sides_alike() -> None:
    high = Normal(70.0, 2.0)
    above, below = bin_probability(high, Bin(91, 92)), bin_probability(high, Bin(48, 49))
    assert above == below
    assert isclose(above, norm.sf(20.5, 0, 2.0) - norm.sf(22.5, 0, 2.0), rel_tol=1e-9)


def test_a_ladder_shares_out_all_probability_in_order() -> None:
    shares = ladder_probabilities(Normal(76.5, 2.2), LADDER)
    assert isclose(sum(shares), 1.0, abs_tol=1e-15)
    assert max(range(6), key=shares.__getitem__) in {2, 3}
    assert shares[0] < shares[1] < shares[2]


@pytest.mark.parametrize(
    ("mu_f", "sigma_f"), [(70.0, 0.0), (70.0, -1.0), (float("nan"), 2.0), (70.0, float("inf"))]
)
def test_what_is_no_distribution_is_refused_by_its_figures(mu_f: float, sigma_f: float) -> None:
    with pytest.raises(InputError, match=f"mean {mu_f} and σ {sigma_f}"):
        Normal(mu_f, sigma_f)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, float("nan")])
def test_certainty_has_no_quantile(probability: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        Normal(70.0, 2.0).quantile(probability)
