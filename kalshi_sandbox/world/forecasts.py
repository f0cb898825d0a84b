"""What NBM says of each day's maximum, run by run: biased, fat-tailed, else as good as can be.

The error of a forecast is a Brownian motion at the time v(lead), its variance, tied at the end
(mere climatology) to the day's own anomaly. So forecasts are efficient: revisions are independent
of what is still wrong, and later runs are better. The day's variance follows an inverse gamma law,
which makes errors Student's t with 5 degrees of freedom. On top comes a bias that drifts slowly.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

import numpy as np

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_sandbox.world.days import GAP_MEAN_F, Days, curves
from kalshi_sandbox.world.dependence import error_spread
from kalshi_sandbox.world.draws import draws
from kalshi_sandbox.world.seasons import Floats, calendar_index, year_length

LAST_LEAD_H = 240
LEADS_H = tuple(
    hour for hour in range(LAST_LEAD_H + 1) if hour <= 120 or hour % 24 in {0, 5, 11, 12, 17, 23}
)
"""Hours from a run to 00 UTC after the day, where its column stands: all for five days, then those
of the six runs that carry percentiles."""
LEAD_INDEX = {lead: place for place, lead in enumerate(LEADS_H)}

BIAS_SD_F, BIAS_PERSISTENCE = 0.6, 0.95
SHARPNESS = 0.93
"""Published standard deviation over the true one: NBM is a little too sure of itself."""
PUBLISHED_NOISE = 0.2
"""SD of the logarithm of the day's true spread, given the published one."""
_SCALE_LOG_MEAN = -0.148845
"""Of the day's scale s: half of log 1.5 − ψ(2.5)."""
_SCALE_LOG_VARIANCE = 0.122596
"""A quarter of ψ'(2.5)."""

RMSE_F = {17: 2.38, 23: 2.45, 29: 2.54, 35: 2.66, 41: 2.76, 47: 2.79}
"""By lead, pooled over KLAX, KMDW, KMIA and KSFO (2025, n ≈ 1,440 each)."""
TABLE_LEAD_H = 29
"""The lead at which the tables of each station's errors hold."""
_SHORT_GROWTH = 0.665
"""Below 17 h the variance goes with this power of the lead: RMSE 2.12 °F at 12 h."""
_LONG_GROWTH = 1.5
_LONG_SHARE = 0.9
"""Variance grows from 47 h on to this share of the climate's, with that power of the lead [E]."""


@dataclass(frozen=True, slots=True)
class Errors:
    """A month's forecast errors, °F; high before rounding − gap − error − bias is the forecast."""

    error: Floats
    """(days, stations, leads)."""
    bias: Floats
    """(days, stations)."""
    published_sd: Floats
    """The standard deviation that NBM gives (days, stations, leads)."""


def errors_of_month(seed: int, month: date, year: Days) -> Errors:
    """The errors of all forecasts of a month's maxima; ``month`` is its first day, in ``year``."""
    rows = _rows_of_month(month)
    days, index = year[rows], calendar_index(month, rows.stop - rows.start)
    climate = curves()
    ambient = climate.sd_f[index, :, None] ** 2
    own, other = _usual_variance(climate.error_sd_f[index], ambient, climate.off_window[index])
    random = draws(seed, "errors", month.year, month.month)
    scale = 1.5 / random.gamma(2.5, size=days.high.shape)
    noise = random.standard_normal((*days.high.shape[:1], len(LEADS_H) + 1, len(STATIONS)))
    noise = np.swapaxes(noise @ error_spread().T, 1, 2)
    short = own[..., [LEAD_INDEX[47]]]
    later = np.maximum(own - short, 0)
    variance = scale[..., None] * np.minimum(own, short) + later
    extra = random.standard_normal(days.high.shape)
    signal = _published(scale, random.standard_normal(days.high.shape))[..., None] ** 2
    return Errors(
        error=_tied_motion(variance, ambient, days.anomaly[..., None], noise, extra[..., None]),
        bias=_bias(seed, month.year)[rows],
        published_sd=SHARPNESS * np.sqrt(signal * (np.minimum(own, short) + other) + later),
    )


def _rows_of_month(month: date) -> slice:
    """Where a month's days are in their year."""
    first = (month - date(month.year, 1, 1)).days
    return slice(first, first + monthrange(month.year, month.month)[1])


def _usual_variance(table_sd: Floats, ambient: Floats, off_window: Floats) -> tuple[Floats, Floats]:
    """Variance of the forecast's own error by lead, and of everything else that adds to it.

    The table's figure holds all of it: bias, the gap on off-window days, and twice rounding.
    """
    mean_square_gap = 2 * GAP_MEAN_F**2 - GAP_MEAN_F
    gap = off_window * mean_square_gap - (off_window * GAP_MEAN_F) ** 2
    other = (gap + BIAS_SD_F**2 + 2 / 12)[..., None]
    lead = np.array(LEADS_H, dtype=float)
    ratios = [(rmse_f / RMSE_F[TABLE_LEAD_H]) ** 2 for rmse_f in RMSE_F.values()]
    growth = np.interp(lead, list(RMSE_F), ratios)
    table = table_sd[..., None] ** 2 * growth - other
    early = np.minimum(lead / 17, 1) ** _SHORT_GROWTH
    late = (np.maximum(lead - 47, 0) / (LAST_LEAD_H - 47)) ** _LONG_GROWTH
    return table * early + late * np.maximum(_LONG_SHARE * ambient - table[..., -1:], 0), other


def _tied_motion(
    variance: Floats, ambient: Floats, anomaly: Floats, noise: Floats, extra: Floats
) -> Floats:
    """Brownian motion at times ``variance`` (last axis), tied at the climate's to the anomaly.

    Where the day's errors outgrow the climate's variance, the end moves out with them.
    """
    steps = np.diff(variance, axis=-1, prepend=0)
    motion = np.cumsum(np.sqrt(steps) * noise[..., :-1], axis=-1)
    end = np.maximum(ambient, variance[..., -1:])
    free_end = motion[..., -1:] + np.sqrt(end - variance[..., -1:]) * noise[..., -1:]
    tied_end = np.sqrt(ambient) * anomaly + np.sqrt(end - ambient) * extra
    return motion + variance / end * (tied_end - free_end)


def _published(scale: Floats, noise: Floats) -> Floats:
    """How spread out NBM calls the day, over the usual: what it knows of the day's true scale.

    The regression of log s on its published part has slope 1 and leaves ``PUBLISHED_NOISE``; the
    mean square is 1.
    """
    left = PUBLISHED_NOISE**2
    share = 1 - left / _SCALE_LOG_VARIANCE
    known = share * (np.log(scale) / 2 - _SCALE_LOG_MEAN) + np.sqrt(share * left) * noise
    result: Floats = np.exp(known - share * _SCALE_LOG_VARIANCE)
    return result


def _bias(seed: int, year: int) -> Floats:
    """The part of the errors that stays from day to day (days, stations)."""
    shock_sd = BIAS_SD_F * np.sqrt(1 - BIAS_PERSISTENCE**2)
    state = np.zeros(len(STATIONS))
    path = []
    for each in (year - 1, year):
        for shock in draws(seed, "bias", each).standard_normal((year_length(each), len(STATIONS))):
            state = BIAS_PERSISTENCE * state + shock_sd * shock
            path.append(state)
    return np.array(path[-year_length(year) :])
