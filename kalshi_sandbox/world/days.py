"""Every station's climate days, a calendar year at a time: how hot, when, and inside which window.

A year depends on its seed and number alone: the weather before it is run up from the innovations of
the year before, whose own past has faded to nothing by then (0.78 to the 365th power).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_sandbox.world.climatology import CLIMATES
from kalshi_sandbox.world.dependence import recursion
from kalshi_sandbox.world.draws import draws
from kalshi_sandbox.world.seasons import (
    Floats,
    Ints,
    calendar_index,
    curve,
    season,
    winter_summer,
    year_length,
)

SLOTS = 288
"""Five-minute slots in a day; slot 0 begins at midnight, local standard time."""
PER_HOUR = 12
NBM_WINDOW_H = (12, 30)
"""UTC hours that NBM's maximum of a day covers: 12 UTC to 06 UTC of the next day."""
GAP_MEAN_F = 1.7
"""How far the window's maximum stays behind on off-window days (measured at Midway, 2025-26)."""
_FALLING, _RISING = 1.6, 0.4
"""Odds of an off-window maximum on days colder and warmer than the day before: midnight highs are
the rest of yesterday's warmth. Both kinds of day are as frequent, so the mean is 1."""

WINDOW_START_SLOT: Ints = np.array(
    [(NBM_WINDOW_H[0] + station.standard_offset_h) * PER_HOUR for station in STATIONS]
)
WINDOW_SPILL_SLOTS: Ints = np.array(
    [max(0, NBM_WINDOW_H[1] + station.standard_offset_h - 24) * PER_HOUR for station in STATIONS]
)
"""How much of the next climate day the window still covers: an hour on Eastern time."""


@dataclass(frozen=True, slots=True)
class Curves:
    """The tables of ``climatology`` by calendar day; arrays are (366, stations)."""

    mean_f: Floats
    sd_f: Floats
    error_sd_f: Floats
    peak_h: Floats
    peak_sd_h: Floats
    off_window: Floats
    range_f: Floats


@cache
def curves() -> Curves:
    """The climates of all stations, in the order of ``STATIONS``."""
    climates = [CLIMATES[station.icao] for station in STATIONS]
    return Curves(
        mean_f=np.column_stack([curve(c.mean_f) for c in climates]),
        sd_f=np.column_stack([np.sqrt(curve([sd**2 for sd in c.sd_f])) for c in climates]),
        error_sd_f=np.column_stack(
            [np.sqrt(curve([sd**2 for sd in c.error_sd_f])) for c in climates]
        ),
        peak_h=np.column_stack([winter_summer(*c.peak_h) for c in climates]),
        peak_sd_h=np.column_stack([winter_summer(*c.peak_sd_h) for c in climates]),
        off_window=np.column_stack([winter_summer(*c.off_window) for c in climates]),
        range_f=np.column_stack([winter_summer(*c.range_f) for c in climates]),
    )


@dataclass(frozen=True, slots=True)
class Days:
    """Consecutive climate days; every array is (days, stations), temperatures in °F."""

    anomaly: Floats
    """Standard deviations from normal, before rounding."""
    high: Floats
    """The maximum before rounding."""
    high_f: Ints
    gap_f: Ints
    """How far the daytime's maximum stays below the day's; 0 unless that is off-window."""
    night_slot: Ints
    """Last slot of an off-window maximum; −1 on other days."""
    peak_slot: Ints
    """Last slot of the daytime's maximum."""
    held_slots: Ints
    """How many slots the day's maximum lasts."""
    range_f: Floats
    """The fall from the maximum to the night's minimum."""

    def __getitem__(self, rows: slice) -> "Days":
        """Some of these days."""
        return Days(*(getattr(self, field.name)[rows] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.high_f)

    @property
    def daytime_f(self) -> Ints:
        """The maximum of the daytime."""
        return self.high_f - self.gap_f

    @property
    def is_night_fall(self) -> NDArray[np.bool_]:
        """Whether the day's maximum is its first minutes, before it turned colder."""
        return (self.night_slot >= 0) & (self.night_slot < PER_HOUR)


def joined(blocks: Sequence[Days]) -> Days:
    """Blocks of days that follow one another, as one."""
    names = [field.name for field in fields(Days)]
    return Days(*(np.concatenate([getattr(block, name) for block in blocks]) for name in names))


def window_high_f(days: Days) -> Ints:
    """The maximum over NBM's window of all but the last of these days (days − 1, stations).

    On Eastern time the window goes on for an hour, which may be the next day's midnight high.
    """
    spilt = days.is_night_fall[1:] & (WINDOW_SPILL_SLOTS > 0)
    return np.where(spilt, np.maximum(days.daytime_f[:-1], days.high_f[1:]), days.daytime_f[:-1])


def days_of_year(seed: int, year: int) -> Days:
    """The climate days of a calendar year."""
    before, anomaly = _anomalies(seed, year)
    index = calendar_index(date(year, 1, 1), len(anomaly))
    climate = curves()
    # Rounding adds 1/12 to the variance of the figures that are published.
    sd = np.sqrt(climate.sd_f**2 - 1 / 12)
    high = climate.mean_f[index] + sd[index] * anomaly
    eve = climate.mean_f[index[0] - 1] + sd[index[0] - 1] * before
    random = draws(seed, "days", year)
    is_falling = np.diff(high, axis=0, prepend=eve[None]) <= 0
    odds = climate.off_window[index] * np.where(is_falling, _FALLING, _RISING)
    is_off = random.random(high.shape) < odds
    gap = random.geometric(1 / GAP_MEAN_F, high.shape)
    just_after_midnight = random.integers(0, 9, high.shape)
    before_window = WINDOW_START_SLOT - random.integers(18, 43, high.shape)
    peak_h = climate.peak_h[index] + climate.peak_sd_h[index] * random.standard_normal(high.shape)
    return Days(
        anomaly=anomaly,
        high=high,
        high_f=np.floor(high + 0.5).astype(int),
        gap_f=np.where(is_off, gap, 0),
        night_slot=np.where(is_off, np.where(is_falling, just_after_midnight, before_window), -1),
        peak_slot=(np.clip(peak_h, 8.5, 20) * PER_HOUR).astype(int),
        held_slots=random.integers(1, 14, high.shape),
        range_f=climate.range_f[index] * np.exp(0.25 * random.standard_normal(high.shape)),
    )


def _anomalies(seed: int, year: int) -> tuple[Floats, Floats]:
    """Standardised anomalies of the day before the year, and of the year (days, stations)."""
    rules = recursion()
    state = np.zeros(len(STATIONS))
    path = []
    for each in (year - 1, year):
        noise = draws(seed, "weather", each).standard_normal((year_length(each), len(STATIONS)))
        for step, shock in enumerate(noise):
            part = season(date(each, 1, 1) + timedelta(days=step))
            state = rules.steps[part] @ state + rules.spreads[part] @ shock
            path.append(state)
    anomalies = np.array(path) @ rules.mix.T
    first = len(path) - year_length(year)
    return anomalies[first - 1], anomalies[first:]
