"""In an invented climate the truth is known; the figures must find it, for better and worse."""

from dataclasses import replace

import pytest

from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.summary import Summary, summary
from kalshi_edge.models.distribution import Normal, ladder_probabilities
from tests.support.backtest_records import invented_climate

DAYS = 600


def believing(of: Record, *, sigma_f: float, shift_f: float = 0.0) -> Record:
    """The same days and quotes seen by a model that believes something else."""
    views = {}
    for key, seen in of.views.items():
        fair = ladder_probabilities(Normal(seen.mu_f + shift_f, sigma_f), seen.bins)
        views[key] = replace(seen, mu_f=seen.mu_f + shift_f, sigma_f=sigma_f, fair=fair)
    return replace(of, views=views)


@pytest.fixture(scope="module")
def true_model() -> Record:
    return invented_climate(DAYS, seed=3)


@pytest.fixture(scope="module")
def true_figures(true_model: Record) -> Summary:
    return summary(true_model)


def outside(found: Summary) -> int:
    assert found.pit is not None
    return sum(not found.pit.band_low <= x <= found.pit.band_high for x in found.pit.shares)


def test_true_claims_come_true_in_every_bucket(true_figures: Summary) -> None:
    judged = [bucket for bucket in true_figures.priced if bucket.came.low is not None]
    missed = [b for b in judged if not b.came.low <= b.ev <= b.came.high]  # type: ignore[operator]
    assert len(judged) >= 8
    # One in twenty is promised outside.
    assert len(missed) <= 1


def test_a_true_model_beats_a_market_that_errs_and_climatology_loses(true_figures: Summary) -> None:
    for tight_only in (False, True):
        table = true_figures.scores_of(tight_only=tight_only)
        assert table is not None
        assert table.ladders > 550
        for row in table.rows:
            assert row.model_less_market.sign == -1
            assert row.climatology_less_market.sign == 1


def test_a_true_model_is_reliable_and_its_pit_is_flat(true_figures: Summary) -> None:
    points = true_figures.model_reliability
    missed = [p for p in points if not p.band_low <= p.row.observed <= p.band_high]
    assert len(missed) <= 1
    assert outside(true_figures) <= 1


def test_a_market_without_error_is_not_beaten() -> None:
    market = invented_climate(DAYS, seed=4, market_error_f=0.0)
    noisy = summary(believing(market, sigma_f=2.0, shift_f=1.5)).scores[0]
    assert [row.model_less_market.sign for row in noisy.rows] == [1, 1, 1, 1]


def test_overconfidence_shows_as_a_hollow_pit_and_doubt_as_a_hill(true_model: Record) -> None:
    sure, unsure = (summary(believing(true_model, sigma_f=sigma_f)) for sigma_f in (1.0, 4.0))
    assert sure.pit is not None
    assert unsure.pit is not None
    assert min(sure.pit.shares[0], sure.pit.shares[-1]) > 0.15
    assert max(unsure.pit.shares[0], unsure.pit.shares[-1]) < 0.05
    assert min(outside(sure), outside(unsure)) >= 4


def test_a_model_that_is_too_warm_shows_in_the_error_and_in_the_pit(true_model: Record) -> None:
    found = summary(believing(true_model, sigma_f=2.0, shift_f=2.0))
    assert found.forecast_errors[0].mean_error_f == pytest.approx(-2.0, abs=0.3)
    assert found.pit is not None
    assert found.pit.shares[0] > 3 * found.pit.shares[-1]
