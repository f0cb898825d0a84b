"""A forecast and what its past errors taught become one distribution of the day's maximum.

μ = median + bias; σ = what the forecast says of its own spread × the learned scale.
docs/concepts/model.md has the comparison behind every constant.
"""

from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import InputError
from kalshi_edge.models.distribution import Normal

DECILE_SPAN = 2 * 1.2816
"""P90 − P10 of a standard normal distribution."""

SIGMA_FLOOR_F = 1.0
"""No day-ahead maximum is known better than this.

Percentiles are whole °F, so P10 and P90 may be equal; that is rounding, not certainty. The
smallest error ever measured for a station and month is 1.25 °F (Miami, July, 17 hours ahead).
"""

PRIOR_SIGMA_F = 2.5
"""For a forecast that says nothing of its spread: the typical day-ahead error of the NBM."""


def forecast_sigma_f(forecast: Forecast) -> float:
    """The forecast's own σ before calibration, °F, never below ``SIGMA_FLOOR_F``.

    (P90 − P10) / (2 × 1.2816) where both percentiles are there, otherwise the standard deviation
    that the forecast states, otherwise ``PRIOR_SIGMA_F``.
    """
    p10, p90 = forecast.percentile(10), forecast.percentile(90)
    if p10 is not None and p90 is not None:
        sigma_f = (p90 - p10) / DECILE_SPAN
    elif forecast.sd_f is not None:
        sigma_f = forecast.sd_f
    else:
        sigma_f = PRIOR_SIGMA_F
    return max(sigma_f, SIGMA_FLOOR_F)


def daily_high(forecast: Forecast, calibration: Calibration) -> Normal:
    """The calibrated distribution of the day's maximum before rounding.

    Normal(median + bias, max(floor, σ × scale)). Raises ``InputError`` for a calibration of
    another model or version.

    >>> from datetime import UTC, date, datetime
    >>> run_at = datetime(2026, 9, 29, 1, tzinfo=UTC)
    >>> forecast = Forecast("KLAX", date(2026, 9, 29), "NBP", "5.0", run_at, run_at,
    ...     percentiles=((10, 80.0), (50, 84.0), (90, 88.0)))
    >>> high = daily_high(forecast, Calibration("LA", "NBP", "5.0", bias_f=0.5, sigma_scale=1.1))
    >>> high.mu_f, round(high.sigma_f, 3)
    (84.5, 3.433)
    """
    check_same_model(forecast, calibration)
    return Normal(
        forecast.point_f + calibration.bias_f,
        max(forecast_sigma_f(forecast) * calibration.sigma_scale, SIGMA_FLOOR_F),
    )


def check_same_model(forecast: Forecast, calibration: Calibration) -> None:
    """Raise ``InputError`` where ``calibration`` was learned on another model or version."""
    ours, theirs = (
        (forecast.model, forecast.version),
        (calibration.model, calibration.version),
    )
    if ours != theirs:
        raise InputError(f"errors of {theirs} say nothing about {ours}")
