"""The figures of docs/concepts/model.md, from the real archive.

Each day is judged with what was known before.

A city's decision for a climate day falls on the first instant of that day; the high of the day
before is then not out yet.
"""

import csv
import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from kalshi_edge.data.history.archive import CITY_DAYS
from kalshi_edge.data.history.records import read_city
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import ClimateReport, Forecast
from kalshi_edge.models.calibration import learn, uncalibrated
from kalshi_edge.models.distribution import Normal, bin_probability
from kalshi_edge.models.scores import degree_crps, reliability
from kalshi_edge.models.statistics import mean_interval
from kalshi_edge.models.temperature import daily_high

pytestmark = pytest.mark.shared

Days = Mapping[date, tuple[Normal, int]]
FITTED = (date(2021, 1, 1), date(2022, 12, 31))
HELD_OUT = (date(2023, 1, 1), date(2024, 12, 31))


def walked(
    history: Path,
    city: str,
    model: str,
    change: Callable[[Forecast], Forecast] = lambda forecast: forecast,
    *,
    learning: bool = True,
) -> Days:
    """Every climate day's distribution at its first instant, and the high that came."""
    station = station_of(city)
    known: dict[str, Calibration] = {}
    waiting: dict[date, Forecast] = {}
    lessons: dict[date, Forecast] = {}
    judged: dict[date, Normal] = {}
    days: dict[date, tuple[Normal, int]] = {}
    for record in read_city(history, city):
        for day in [day for day in waiting if station.day_start(day) <= record.received_at]:
            lesson = lessons[day] = waiting.pop(day)
            fresh = uncalibrated(city, lesson)
            judged[day] = daily_high(lesson, known.get(lesson.version, fresh))
        match record:
            case Forecast() if record.model == model:
                waiting[record.climate_day] = change(record)
            case ClimateReport(high_f=int(high_f)) if record.climate_day in judged:
                day = record.climate_day
                days[day] = (judged[day], high_f)
                lesson = lessons[day]
                if learning:
                    before = known.get(lesson.version) or uncalibrated(city, lesson)
                    known[lesson.version] = learn(before, lesson, high_f, record.received_at)
    return days


def scores(days: Days, span: tuple[date, date]) -> list[float]:
    """The CRPS of each day in ``span``, °F."""
    return [
        degree_crps(high, actual_f)
        for day, (high, actual_f) in sorted(days.items())
        if span[0] <= day <= span[1]
    ]


@pytest.mark.parametrize(
    ("city", "model", "raw", "calibrated"),
    [
        ("NYC", "NBM", 1.676, 1.360),
        ("NYC", "GFSMOS", 1.766, 1.703),
        ("CHI", "GFSMOS", 2.064, 1.896),
        ("MIA", "GFSMOS", 1.016, 0.929),
    ],
)
def test_calibration_pays_in_the_years_nobody_tuned_on(
    history: Path, city: str, model: str, raw: float, calibrated: float
) -> None:
    without = scores(walked(history, city, model, learning=False), HELD_OUT)
    with_it = scores(walked(history, city, model), HELD_OUT)
    assert fmean(without) == pytest.approx(raw, abs=0.0005)
    assert fmean(with_it) == pytest.approx(calibrated, abs=0.0005)
    gains = np.subtract(without, with_it)
    # not even the low end of the interval says that it costs anything worth naming
    assert mean_interval(gains, np.random.default_rng(1)).low > -0.01


def test_the_ensembles_spread_is_worth_half_a_percent(archive: Path, history: Path) -> None:
    with gzip.open(archive / CITY_DAYS, "rt") as file:
        spread_f = {
            row["date"]: float(row["gefs_spread_f"])
            for row in csv.DictReader(file)
            if row["gefs_spread_f"]
        }

    def spread(forecast: Forecast) -> Forecast:
        found = spread_f[str(forecast.climate_day)]
        return replace(forecast, sd_f=(2.5**2 + 0.5**2 * found**2) ** 0.5)

    constant, widened = walked(history, "NYC", "NBM"), walked(history, "NYC", "NBM", spread)
    for span, gain_f in ((FITTED, 0.0065), (HELD_OUT, 0.0066)):
        gains = np.subtract(scores(constant, span), scores(widened, span))
        assert gains.mean() == pytest.approx(gain_f, abs=0.0001)


def test_a_version_that_starts_over_is_no_worse_than_one_that_inherits(history: Path) -> None:
    apart = scores(walked(history, "NYC", "NBM"), HELD_OUT)
    pooled = scores(walked(history, "NYC", "NBM", lambda f: replace(f, version="")), HELD_OUT)
    interval = mean_interval(np.subtract(pooled, apart), np.random.default_rng(1))
    assert interval.estimate == pytest.approx(0.009, abs=0.0005)
    assert interval.low < 0 < interval.high


def test_two_degree_bins_come_true_as_often_as_stated(history: Path) -> None:
    days = walked(history, "NYC", "NBM")
    pairs = [
        (bin_probability(high, Bin(floor, floor + 1)), floor <= actual_f <= floor + 1)
        for day, (high, actual_f) in days.items()
        if HELD_OUT[0] <= day <= HELD_OUT[1]
        for floor in range(round(high.mu_f) - 10, round(high.mu_f) + 10, 2)
    ]
    rows = [row for row in reliability(pairs) if row.count >= 100]
    assert len(rows) == 4
    assert all(abs(row.forecast - row.observed) < 0.03 for row in rows)
