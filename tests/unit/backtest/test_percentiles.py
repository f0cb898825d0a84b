"""The spread of a bulletin in days whose truth is known, and on Las Vegas' real runs."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import NormalDist

import numpy as np
import pytest

from kalshi_edge.backtest.percentiles import (
    USUAL,
    WAYS,
    Result,
    percentile_sigma_f,
    spread_figures,
    tied_sigma_f,
)
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import Forecast

LV = station_of("LV")
FIRST = date(2026, 5, 1)
PERCENTS = (10, 25, 50, 75, 90)


def forecast(day: date, median_f: float, sigma_f: float, *, lead_h: int = 13) -> Forecast:
    run_at = LV.day_start(day) - timedelta(hours=lead_h)
    whole = [round(median_f + sigma_f * NormalDist().inv_cdf(p / 100)) for p in PERCENTS]
    percentiles = tuple(zip(PERCENTS, map(float, whole), strict=True))
    return Forecast(
        "KLAS", day, "NBP", "5.0", run_at, run_at + timedelta(hours=2),
        sd_f=2.0, percentiles=percentiles,
    )  # fmt: skip


def season(days: int) -> tuple[list[Forecast], dict[date, Result]]:
    """Calm and unsettled days by turns: σ of 1.2 and of 5 °F, as the bulletins say."""
    generator = np.random.default_rng(4)
    runs, results = [], {}
    for i in range(days):
        day, sigma_f = FIRST + timedelta(days=i), (1.2, 5.0)[i % 2]
        median_f = 95.0 + round(generator.normal(0, 5))
        runs.append(forecast(day, median_f, sigma_f))
        high_f = round(generator.normal(median_f, sigma_f))
        results[day] = high_f, datetime.combine(day + timedelta(days=1), time(15), UTC)
    return runs, results


def test_percentiles_of_one_degree_say_nothing_of_the_spread() -> None:
    tied = forecast(FIRST, 90.0, 0.1)
    assert percentile_sigma_f(tied) == 0.0
    assert tied_sigma_f(tied.percentiles) is None
    found = spread_figures(LV, [tied], {FIRST: (90, datetime(2026, 5, 2, 15, tzinfo=UTC))}, seed=0)
    assert found["0–24 h"]["P10–P90"].sigma_f == 0.5
    assert found["0–24 h"]["P10–P90, ties"].sigma_f == 0.5


@pytest.mark.parametrize("sigma_f", [1.0, 2.0, 4.0])
def test_rounding_hardly_moves_the_spread_that_is_read_off(sigma_f: float) -> None:
    found = [tied_sigma_f(forecast(FIRST, 90 + i / 20, sigma_f).percentiles) for i in range(20)]
    assert np.mean([f for f in found if f is not None]) == pytest.approx(sigma_f, rel=0.12)


def test_a_spread_that_differs_from_day_to_day_beats_the_usual_one_where_it_is_true() -> None:
    figures = spread_figures(LV, *season(200), seed=0)["0–24 h"]
    assert set(figures) == set(WAYS)
    assert figures["P10–P90"].n == figures["P10–P90"].days == 200
    assert figures["learned × P10–P90"].log_less_usual.sign == -1
    assert figures["P10–P90"].crps_f < figures[USUAL].crps_f
    assert figures["P10–P90"].coverage == pytest.approx(0.8, abs=0.06)
    # 2 °F as printed is too much on calm days and too little on the others
    assert figures["printed SD"].coverage < figures["P10–P90"].coverage


def test_nothing_is_learned_before_it_was_reported() -> None:
    runs, results = season(20)

    def score_of_day_11(of: Mapping[date, Result]) -> float:
        ten, eleven = (spread_figures(LV, runs[:n], of, seed=0)["0–24 h"] for n in (11, 12))
        return 12 * eleven["learned"].log - 11 * ten["learned"].log

    # the report of day 10 comes hours after the run for day 11 was received
    day, (_, reported_at) = runs[10].climate_day, results[runs[10].climate_day]
    assert reported_at > runs[11].received_at
    usual = score_of_day_11(results)
    assert score_of_day_11(results | {day: (140, reported_at)}) == pytest.approx(usual)
    early = results | {day: (140, runs[11].received_at)}
    assert abs(score_of_day_11(early) - usual) > 0.01


def test_leads_are_kept_apart_and_runs_within_the_day_left_out() -> None:
    runs, results = season(30)
    long = [forecast(one.climate_day, one.point_f, 3.0, lead_h=37) for one in runs]
    within = [forecast(one.climate_day, one.point_f, 3.0, lead_h=-2) for one in runs]
    found = spread_figures(LV, [*runs, *long, *within], results, seed=0)
    assert {name: ways["learned"].n for name, ways in found.items()} == {
        "0–24 h": 30, "24–48 h": 30,
    }  # fmt: skip
    assert found["0–24 h"] == spread_figures(LV, runs, results, seed=0)["0–24 h"]
