"""What past errors of a forecast teach about the next one, folded in one settled day at a time.

Strictly from the past: a day enters when its result is received. Per city, model *and* version:
a new version starts over, and a version that comes back finds what it had learned. A record holds
its last lessons with what was known before each, so that a wrong result is unlearned exactly.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from math import sqrt

from kalshi_edge.domain.lesson import Lesson
from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import InputError
from kalshi_edge.models.temperature import SIGMA_FLOOR_F, check_same_model, forecast_sigma_f

HALF_LIFE_DAYS = 25.0
"""After this many settled days an error counts half: biases move with the season."""

SHRINK_DAYS = 15.0
"""How many settled days weigh as much as the belief that nothing is wrong."""

LESSONS_KEPT = 7
"""So many settled days can be unlearned: the weather service keeps a report for five days."""

_KEEP: float = 0.5 ** (1.0 / HALF_LIFE_DAYS)

NBM_VERSIONS: tuple[tuple[str, datetime], ...] = (
    ("4.0", datetime(2020, 9, 29, 12, tzinfo=UTC)),
    ("4.1", datetime(2023, 1, 17, 12, tzinfo=UTC)),
    ("4.2", datetime(2024, 5, 15, 11, tzinfo=UTC)),
    ("4.3", datetime(2025, 5, 27, 12, tzinfo=UTC)),
    ("5.0", datetime(2026, 5, 5, 12, tzinfo=UTC)),
)
"""Versions of the National Blend of Models and the first run that each made for good.

By the headers of the bulletins; the announced dates were often missed. For records without a
header: a bulletin says its own version.
"""


def nbm_version(run_at: datetime) -> str:
    """The NBM version in force at the run ``run_at``; ``InputError`` before the table begins.

    >>> nbm_version(datetime(2023, 1, 17, 12, tzinfo=UTC))
    '4.1'
    """
    version = next((name for name, start_at in reversed(NBM_VERSIONS) if run_at >= start_at), None)
    if version is None:
        raise InputError(f"no NBM version is known for {run_at:%Y-%m-%d %H:%M}Z")
    return version


def uncalibrated(city: str, forecast: Forecast) -> Calibration:
    """The calibration of a city's forecast before anything is known: bias 0, scale 1."""
    return Calibration(city, forecast.model, forecast.version)


def learn(
    known: Calibration, forecast: Forecast, actual_f: int, received_at: datetime
) -> Calibration:
    """``known`` and one more settled day, whose maximum ``actual_f`` was received just now.

    With n days, λ = ½^(1/25) and weights Wₙ = 1 + λ + … + λⁿ⁻¹, means are moved towards the new
    value by 1/Wₙ (an exponentially weighted mean without start-up bias) and then shrunk:
    bias = mean(error) · n/(n+15); scale = 1 + (√mean(z²) − 1) · n/(n+15), where
    z = (error − the bias known before) / σ. A day that is not after ``known.as_of`` teaches
    nothing here (``relearn`` goes back). Raises ``InputError`` for another model or version, and
    for a forecast that was received after the result.

    >>> from datetime import date
    >>> at = datetime(2026, 9, 28, 14, tzinfo=UTC)
    >>> forecast = Forecast("KNYC", date(2026, 9, 29), "NBM", "5.0", at, at, mean_f=70.0)
    >>> known = learn(uncalibrated("NYC", forecast), forecast, 74, datetime(2026, 9, 30, 11,
    ...     tzinfo=UTC))
    >>> known.days, known.bias_f, round(known.sigma_scale, 4)
    (1, 0.25, 1.0375)
    """
    check_same_model(forecast, known)
    if forecast.received_at > received_at:
        raise InputError(
            f"{forecast.station} {forecast.climate_day}: forecast received {forecast.received_at}, "
            f"after the result at {received_at}"
        )
    if known.as_of is not None and forecast.climate_day <= known.as_of:
        return known
    return _learned(known, first_lesson(forecast, actual_f), received_at)


def first_lesson(forecast: Forecast, high_f: int) -> Lesson:
    """What ``forecast`` and the maximum that came teach one who knows nothing yet."""
    sigma_f = forecast_sigma_f(forecast)
    return Lesson(forecast.climate_day, forecast.point_f, sigma_f, high_f)


def relearn(
    known: Calibration, climate_day: date, lesson: Lesson | None, received_at: datetime
) -> Calibration:
    """``known`` as if ``climate_day`` had taught ``lesson``, or nothing, from the beginning.

    Back to before that day, then on through the later days in order: the same arithmetic on the
    same figures, hence the same to the last bit. It is ``known`` itself where nothing changes, and
    where the day lies further back than ``known`` can go.

    >>> monday, tuesday = date(2026, 9, 28), date(2026, 9, 29)
    >>> at = datetime(2026, 9, 30, 11, tzinfo=UTC)
    >>> fresh = Calibration("NYC", "NBM", "5.0")
    >>> wrong = relearn(fresh, monday, Lesson(monday, 70.0, 2.5, 94), at)
    >>> both = relearn(wrong, tuesday, Lesson(tuesday, 70.0, 2.5, 71), at)
    >>> round(both.bias_f, 2), both.days
    (1.45, 2)
    >>> right = relearn(both, monday, Lesson(monday, 70.0, 2.5, 74), at)
    >>> round(right.bias_f, 2), right.days
    (0.29, 2)
    >>> relearn(right, monday, None, at).lessons == relearn(
    ...     fresh, tuesday, Lesson(tuesday, 70.0, 2.5, 71), at).lessons
    True
    """
    record = known_before(known, climate_day)
    if record is None:
        return known
    later = [one for one in known.lessons if one.climate_day > climate_day]
    for one in (*([] if lesson is None else [lesson]), *later):
        record = _learned(record, one, received_at)
    return known if is_same(record, known) else replace(record, received_at=received_at)


def is_same(one: Calibration, other: Calibration) -> bool:
    """Whether two records know the same, whenever each was made."""
    at = one.received_at
    return one.lessons == other.lessons and one == replace(other, received_at=at)


def known_before(known: Calibration, climate_day: date) -> Calibration | None:
    """What ``known`` was before it learned ``climate_day`` and what came after.

    ``None`` where that is forgotten. When that record was made is not remembered.
    """
    later = [one for one in known.lessons if one.climate_day >= climate_day]
    as_of = later[0].known_as_of if later else known.as_of
    if as_of is not None and as_of >= climate_day:
        return None
    if not later:
        return known
    kept = known.lessons[: -len(later)]
    last = kept[-1] if kept else None
    return replace(
        known,
        bias_f=later[0].known_bias_f,
        sigma_scale=later[0].known_scale,
        days=known.days - len(later),
        as_of=as_of,
        error_f=None if last is None else last.high_f - last.point_f,
        sigma_f=None if last is None else last.sigma_f,
        lessons=kept,
    )


def standard_error(known: Calibration, lesson: Lesson) -> float:
    """How many calibrated σ a day's maximum lay above the calibrated mean, by what was ``known``.

    z = (maximum − point − bias) / max(σ × scale, 1 °F).

    >>> known = Calibration("NYC", "NBM", "5.0", bias_f=1.0, sigma_scale=1.2)
    >>> standard_error(known, Lesson(date(2026, 9, 28), 70.0, 2.5, 74))
    1.0
    """
    sigma_f = max(lesson.sigma_f * known.sigma_scale, SIGMA_FLOOR_F)
    return (lesson.high_f - lesson.point_f - known.bias_f) / sigma_f


def _learned(known: Calibration, lesson: Lesson, received_at: datetime) -> Calibration:
    error_f = lesson.high_f - lesson.point_f
    z = (error_f - known.bias_f) / lesson.sigma_f
    days = known.days + 1
    step = 1.0 / _weight(days)
    mean_error_f, mean_square = _means(known)
    mean_error_f += (error_f - mean_error_f) * step
    mean_square += (z * z - mean_square) * step
    lesson = replace(
        lesson,
        known_bias_f=known.bias_f,
        known_scale=known.sigma_scale,
        known_as_of=known.as_of,
    )
    return replace(
        known,
        bias_f=mean_error_f * _trust(days),
        sigma_scale=1.0 + (sqrt(mean_square) - 1.0) * _trust(days),
        days=days,
        as_of=lesson.climate_day,
        error_f=error_f,
        sigma_f=lesson.sigma_f,
        received_at=received_at,
        lessons=(*known.lessons, lesson)[-LESSONS_KEPT:],
    )


def _weight(days: int) -> float:
    """Wₙ, the weight of ``days`` days: λ⁰ + … + λⁿ⁻¹."""
    return (1.0 - _KEEP**days) / (1.0 - _KEEP)


def _trust(days: int) -> float:
    return days / (days + SHRINK_DAYS)


def _means(known: Calibration) -> tuple[float, float]:
    """The means of error and of z² before shrinking: the record is all the memory there is."""
    if known.days == 0:
        return 0.0, 1.0
    trust = _trust(known.days)
    root = 1.0 + (known.sigma_scale - 1.0) / trust
    return known.bias_f / trust, max(root, 0.0) ** 2
