"""What must hold of a calibration whatever the weather did."""

from datetime import UTC, date, datetime, timedelta
from math import isfinite

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.calibration import (
    LESSONS_KEPT,
    first_lesson,
    known_before,
    learn,
    relearn,
    uncalibrated,
)
from kalshi_edge.models.temperature import daily_high

FIRST = date(2025, 1, 1)
seasons = st.lists(st.tuples(st.integers(-20, 110), st.integers(-25, 25)), min_size=1, max_size=80)


def forecast(number: int, mean_f: float, city: str = "KNYC", sd_f: float = 2.5) -> Forecast:
    at = datetime(2024, 12, 31, 12, tzinfo=UTC) + timedelta(days=number)
    return Forecast(
        city, FIRST + timedelta(days=number), "NBM", "4.2", at, at, mean_f=mean_f, sd_f=sd_f
    )


def folded(season: list[tuple[int, int]], sd_f: float = 2.5) -> Calibration:
    known = uncalibrated("NYC", forecast(0, 0.0))
    for number, (mean_f, error_f) in enumerate(season):
        given_ = forecast(number, mean_f, sd_f=sd_f)
        known = learn(known, given_, mean_f + error_f, given_.received_at + timedelta(days=2))
    return known


@given(seasons)
def test_the_bias_stays_within_the_errors_and_shrinks_towards_nothing(
    season: list[tuple[int, int]],
) -> None:
    known = folded(season)
    trust = len(season) / (len(season) + 15)
    errors = [error for _, error in season]
    assert min(0, *errors) * trust - 1e-9 <= known.bias_f <= max(0, *errors) * trust + 1e-9


@given(seasons)
def test_every_calibration_gives_a_distribution(season: list[tuple[int, int]]) -> None:
    known = folded(season)
    assert isfinite(known.bias_f)
    assert known.sigma_scale > 0
    high = daily_high(forecast(200, 60.0), known)
    assert high.mu_f == 60.0 + known.bias_f


@given(seasons)
def test_the_level_of_the_temperature_does_not_matter(season: list[tuple[int, int]]) -> None:
    level = [(70, error) for _, error in season]
    assert folded(season).bias_f == folded(level).bias_f
    assert folded(season).sigma_scale == folded(level).sigma_scale


@given(seasons, st.integers(0, 79))
def test_the_record_is_all_the_memory_there_is(season: list[tuple[int, int]], cut: int) -> None:
    # a restart that goes on from the stored record learns what an unbroken run learns
    known = uncalibrated("NYC", forecast(0, 0.0))
    for number, (mean_f, error_f) in enumerate(season):
        if number == cut:
            known = Calibration(
                known.city, known.model, known.version,
                bias_f=float(repr(known.bias_f)), sigma_scale=float(repr(known.sigma_scale)),
                days=known.days, as_of=known.as_of, lessons=known.lessons,
            )  # fmt: skip
        given_ = forecast(number, mean_f)
        known = learn(known, given_, mean_f + error_f, given_.received_at + timedelta(days=2))
    assert known == folded(season)


def bits(known: Calibration) -> tuple[object, ...]:
    """All that a record knows, its floats to the last bit; not when it was made."""
    figures = (known.bias_f, known.sigma_scale, known.error_f or 0.0, known.sigma_f or 0.0)
    return (*(float(one).hex() for one in figures), known.days, known.as_of)


@given(seasons, st.integers(1, LESSONS_KEPT - 1))
def test_what_was_unlearned_was_never_learned(season: list[tuple[int, int]], back: int) -> None:
    kept = season[: len(season) - back]
    before = known_before(folded(season), FIRST + timedelta(days=len(kept)))
    assert before is not None
    assert bits(before) == bits(folded(kept) if kept else uncalibrated("NYC", forecast(0, 0.0)))
    assert folded(kept).lessons[-1:] == before.lessons[-1:] if kept else before.lessons == ()


@given(seasons, st.integers(1, LESSONS_KEPT), st.integers(-60, 60))
def test_a_corrected_error_leaves_nothing_behind(
    season: list[tuple[int, int]], back: int, wrong_f: int
) -> None:
    number = max(len(season) - back, 0)
    mean_f, error_f = season[number]
    mistaken = folded([*season[:number], (mean_f, wrong_f), *season[number + 1 :]])
    lesson = first_lesson(forecast(number, mean_f), mean_f + error_f)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    corrected, right = relearn(mistaken, lesson.climate_day, lesson, at), folded(season)
    assert bits(corrected) == bits(right)
    assert corrected.lessons == right.lessons
    assert relearn(corrected, lesson.climate_day, lesson, at) is corrected
    never = relearn(mistaken, lesson.climate_day, None, at)
    assert bits(relearn(never, lesson.climate_day, lesson, at)) == bits(right)


@given(seasons, seasons, st.randoms(use_true_random=False))
def test_cities_may_report_in_any_order(
    one: list[tuple[int, int]], two: list[tuple[int, int]], random: object
) -> None:
    known = {city: uncalibrated(city, forecast(0, 0.0, city)) for city in ("KNYC", "KMDW")}
    reports = [("KNYC", n, *day) for n, day in enumerate(one)]
    later = iter([("KMDW", n, *day) for n, day in enumerate(two)])
    merged = []
    for report in reports:
        while random.random() < 0.5 and (next_ := next(later, None)):  # type: ignore[attr-defined]
            merged.append(next_)
        merged.append(report)
    for city, number, mean_f, error_f in (*merged, *later):
        given_ = forecast(number, mean_f, city)
        known[city] = learn(
            known[city], given_, mean_f + error_f, given_.received_at + timedelta(days=2)
        )
    assert known["KNYC"].bias_f == folded(one).bias_f
    assert known["KMDW"].sigma_scale == folded(two).sigma_scale


@given(st.integers(-3, 3), st.floats(0.6, 1.8), st.integers(0, 10_000))
def test_a_planted_bias_and_scale_are_found(bias_f: int, scale: float, seed: int) -> None:
    errors = np.random.default_rng(seed).normal(bias_f, 4.0 * scale, 600)
    known = folded([(70, round(error)) for error in errors], sd_f=4.0)
    # 25 days' half-life is worth 72 days: a mean is known to σ/√72, a spread to 1/√144
    assert abs(known.bias_f - bias_f) < 4.5 * 4.0 * scale / 72**0.5
    assert abs(known.sigma_scale / scale - 1) < 4.5 / 144**0.5
