"""From a forecast to a distribution: real percentiles, ties, stated spread and none."""

from datetime import UTC, date, datetime

import pytest

from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import InputError
from kalshi_edge.models.temperature import (
    PRIOR_SIGMA_F,
    SIGMA_FLOOR_F,
    daily_high,
    forecast_sigma_f,
)

RUN_AT = datetime(2026, 9, 28, 13, tzinfo=UTC)


def nbp(p10: float, p50: float, p90: float, *, sd_f: float | None = None) -> Forecast:
    return Forecast(
        "KMDW", date(2026, 9, 29), "NBP", "5.0", RUN_AT, RUN_AT,
        mean_f=p50, sd_f=sd_f, percentiles=((10, p10), (50, p50), (90, p90)),
    )  # fmt: skip


def point(mean_f: float, *, sd_f: float | None = None) -> Forecast:
    return Forecast(
        "KMDW", date(2026, 9, 29), "NBM", "5.0", RUN_AT, RUN_AT, mean_f=mean_f, sd_f=sd_f
    )


def test_midways_bulletin_of_28_september_2026_by_hand() -> None:
    # P10 73, P50 75, P90 78: (78 − 73) / 2.5632
    high = daily_high(nbp(73, 75, 78, sd_f=2), Calibration("CHI", "NBP", "5.0"))
    assert high.mu_f == 75
    assert high.sigma_f == pytest.approx(1.9507, abs=1e-4)


def test_percentiles_speak_before_the_stated_deviation_and_that_before_the_prior() -> None:
    assert forecast_sigma_f(nbp(70, 75, 80, sd_f=9)) == pytest.approx(10 / 2.5632)
    assert forecast_sigma_f(point(75, sd_f=3)) == 3.0
    assert forecast_sigma_f(point(75)) == PRIOR_SIGMA_F


def test_equal_percentiles_are_rounding_not_certainty() -> None:
    # KAUS, 17 September 2026: P50 99, P75 100, P90 100
    assert forecast_sigma_f(nbp(99, 99, 99)) == SIGMA_FLOOR_F
    assert forecast_sigma_f(point(75, sd_f=0)) == SIGMA_FLOOR_F


def test_the_floor_holds_after_calibration_too() -> None:
    sharp = Calibration("CHI", "NBP", "5.0", sigma_scale=0.2, days=300)
    assert daily_high(nbp(73, 75, 78), sharp).sigma_f == SIGMA_FLOOR_F


def test_calibration_shifts_and_stretches() -> None:
    known = Calibration("CHI", "NBP", "5.0", bias_f=-0.8, sigma_scale=1.2, days=40)
    high = daily_high(nbp(70, 75, 80), known)
    assert high.mu_f == pytest.approx(74.2)
    assert high.sigma_f == pytest.approx(1.2 * 10 / 2.5632)


@pytest.mark.parametrize(("model", "version"), [("NBP", "4.3"), ("NBS", "5.0")])
def test_what_was_learned_on_another_model_is_not_applied(model: str, version: str) -> None:
    with pytest.raises(InputError, match="say nothing about"):
        daily_high(nbp(73, 75, 78), Calibration("CHI", model, version))
