"""The world against the tables it is drawn from, side by side.

Standard errors are jackknifed over whole years, so that neither persistence nor the seasons fool
them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import copysign, hypot, inf, sqrt

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_sandbox.world.climatology import CLIMATES
from kalshi_sandbox.world.days import (
    GAP_MEAN_F,
    PER_HOUR,
    curves,
    days_of_year,
    joined,
    window_high_f,
)
from kalshi_sandbox.world.dependence import (
    CHICAGO_BY_SEASON,
    CORE,
    DAY_AHEAD,
    PERSISTENCE,
    SAME_DAY,
)
from kalshi_sandbox.world.forecasts import (
    BIAS_PERSISTENCE,
    BIAS_SD_F,
    LEAD_INDEX,
    RMSE_F,
    SHARPNESS,
    TABLE_LEAD_H,
    errors_of_month,
)
from kalshi_sandbox.world.seasons import Floats, Ints, calendar_index, season

FIRST_YEAR = 2001
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SEASONS = ("winter", "spring", "summer", "autumn")
LIMIT = 4
"""Standard errors. Of two hundred figures chance takes one or two beyond 3, rarely one beyond 4."""
_MEASURED = ("KLAX", "KMDW", "KMIA", "KSFO")
_TAIL_RATIO, _TAIL_RATIO_SE = 1.42, 0.015
"""RMSE over mean absolute error of the same four, and what 1,440 days leave open of it [E]."""
_OFF_WINDOW_CITIES = ("KNYC", "KMDW", "KMIA", "KLAX", "KAUS", "KDEN", "KPHL")
_OFF_WINDOW_SHARE = 0.046
_ERROR_CORRELATION = 0.2

Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the tables and of the simulation."""

    station: str
    period: str
    quantity: str
    target: float
    simulated: float
    standard_error: float

    @property
    def z(self) -> float:
        """How many standard errors the simulation is off; infinite where so few years have none."""
        off = self.simulated - self.target
        return off / self.standard_error if self.standard_error else copysign(inf, off)

    @property
    def is_ok(self) -> bool:
        """Whether the difference is no more than chance would explain."""
        return abs(self.z) <= LIMIT


@dataclass(frozen=True, slots=True)
class _Sample:
    """All simulated days; arrays (days, stations) but for the first three, (days,)."""

    year: Ints
    month: Ints
    season: Ints
    high_f: Ints
    anomaly_f: Floats
    is_off: NDArray[np.bool_]
    gap_f: Ints
    peak_h: Floats
    bias_f: Floats
    error_f: dict[int, Floats]
    """Observed minus forecast median, both whole °F, by lead."""
    published_sd_f: Floats


def world_statistics(seed: int, years: int = 20) -> tuple[Row, ...]:
    """Each figure of the tables beside that of ``years`` simulated years, and its standard error.

    Needs at least three years.
    """
    sample = _sample(seed, years)
    parts = (_climate, _persistence, _correlation, _errors, _error_shape, _windows, _peaks)
    return tuple(row for part in parts for row in part(sample))


def statistics_table(rows: Sequence[Row]) -> Table:
    """The rows as a table for the terminal, differences beyond chance in red."""
    table = Table(title="SYNTHETIC world against its tables")
    for heading in ("station", "period", "quantity"):
        table.add_column(heading)
    for heading in ("table", "simulated", "± se", "z"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row.station, row.period, row.quantity,
            f"{row.target:.3f}", f"{row.simulated:.3f}", f"{row.standard_error:.3f}",
            f"{row.z:+.1f}", style=None if row.is_ok else "red",
        )  # fmt: skip
    return table


def _sample(seed: int, years: int) -> _Sample:
    numbers = range(FIRST_YEAR, FIRST_YEAR + years)
    blocks = [days_of_year(seed, number) for number in numbers]
    errors = [
        errors_of_month(seed, date(number, month, 1), block)
        for number, block in zip(numbers, blocks, strict=True)
        for month in range(1, 13)
    ]
    days = joined([*blocks, days_of_year(seed, FIRST_YEAR + years)[:1]])
    window = window_high_f(days)
    days = days[:-1]
    first = date(FIRST_YEAR, 1, 1)
    dates = [date.fromordinal(first.toordinal() + step) for step in range(len(days))]
    index = calendar_index(first, len(days))

    def error_f(lead: int) -> Floats:
        parts = [each.error[..., LEAD_INDEX[lead]] + each.bias for each in errors]
        forecast: Floats = np.floor(days.high - days.gap_f - np.concatenate(parts) + 0.5)
        return days.high_f - forecast

    published = [each.published_sd[..., LEAD_INDEX[TABLE_LEAD_H]] for each in errors]
    return _Sample(
        year=np.array([day.year for day in dates]),
        month=np.array([day.month - 1 for day in dates]),
        season=np.array([season(day) for day in dates]),
        high_f=days.high_f,
        anomaly_f=days.high_f - curves().mean_f[index],
        is_off=window < days.high_f,
        gap_f=days.high_f - window,
        peak_h=(days.peak_slot + 0.5) / PER_HOUR,
        bias_f=np.concatenate([each.bias for each in errors]),
        error_f={lead: error_f(lead) for lead in RMSE_F},
        published_sd_f=np.concatenate(published),
    )


def _climate(sample: _Sample) -> Iterator[Row]:
    for icao in CORE:
        column = _column(icao)
        high, anomaly = sample.high_f[:, column], sample.anomaly_f[:, column]
        for month, name in enumerate(MONTHS):
            chosen = sample.month == month
            climate = CLIMATES[icao]
            yield _row(sample, icao, name, "mean °F", climate.mean_f[month], _mean(high), chosen)
            yield _row(
                sample, icao, name, "SD °F", climate.sd_f[month], _deviation(anomaly), chosen
            )


def _persistence(sample: _Sample) -> Iterator[Row]:
    for icao in CORE:
        figure = _correlated(sample.anomaly_f, icao, icao, lag=1)
        if icao == "KMDW":
            for part, name in enumerate(SEASONS):
                target, chosen = CHICAGO_BY_SEASON[part], sample.season == part
                yield _row(sample, icao, name, "lag-1", target, figure, chosen)
        else:
            yield _row(sample, icao, "year", "lag-1", PERSISTENCE[icao], figure)


def _correlation(sample: _Sample) -> Iterator[Row]:
    for (a, b), target in SAME_DAY.items():
        figure = _correlated(sample.anomaly_f, a, b)
        yield _row(sample, f"{a} {b}", "year", "same day", target, figure)
    for (a, b), target in DAY_AHEAD.items():
        figure = _correlated(sample.anomaly_f, a, b, lag=1)
        yield _row(sample, f"{a} {b}", "year", "day ahead", target, figure)


def _errors(sample: _Sample) -> Iterator[Row]:
    for icao in CORE:
        error = sample.error_f[TABLE_LEAD_H][:, _column(icao)]
        for part, name in enumerate(SEASONS):
            target, chosen = CLIMATES[icao].error_sd_f[part], sample.season == part
            yield _row(sample, icao, name, "error SD °F", target, _deviation(error), chosen)


def _error_shape(sample: _Sample) -> Iterator[Row]:
    columns = [_column(icao) for icao in _MEASURED]
    four = {lead: error[:, columns] for lead, error in sample.error_f.items()}
    for lead, target in RMSE_F.items():
        figure = _rms_ratio(four[lead], np.ones_like(four[lead]))
        yield _row(sample, "LAX MDW MIA SFO", f"{lead} h", "RMSE °F", target, figure)
    base = four[TABLE_LEAD_H]

    def tail(chosen: Chosen) -> float:
        return float(np.sqrt((base[chosen] ** 2).mean()) / np.abs(base[chosen]).mean())

    tails = _row(sample, "LAX MDW MIA SFO", "year", "RMSE over MAE", _TAIL_RATIO, tail)
    yield replace(tails, standard_error=hypot(tails.standard_error, _TAIL_RATIO_SE))
    five = [_column(icao) for icao in CORE]
    spread = _rms_ratio(sample.published_sd_f[:, five], sample.error_f[TABLE_LEAD_H][:, five])
    yield _row(sample, "all five", "year", "published SD over error", SHARPNESS, spread)
    bias = sample.bias_f[:, five]
    yield _row(sample, "all five", "year", "bias SD °F", BIAS_SD_F, _deviation(bias))
    drift = _lagged(bias)
    yield _row(sample, "all five", "year", "bias lag-1", BIAS_PERSISTENCE, drift)
    together = _correlated(sample.error_f[TABLE_LEAD_H], "KLAX", "KPHX")
    yield _row(sample, "KLAX KPHX", "year", "errors", _ERROR_CORRELATION, together)


def _windows(sample: _Sample) -> Iterator[Row]:
    for icao in CORE:
        column = _column(icao)
        for part, target in zip((0, 2), CLIMATES[icao].off_window, strict=True):
            figure, chosen = _mean(sample.is_off[:, column]), sample.season == part
            row = _row(sample, icao, SEASONS[part], "off-window share", target, figure, chosen)
            # A handful of such days says too little of its own error.
            least = sqrt(target * (1 - target) / chosen.sum())
            yield replace(row, standard_error=max(row.standard_error, least))
    seven = sample.is_off[:, [_column(icao) for icao in _OFF_WINDOW_CITIES]]
    figure = _mean(seven)
    yield _row(sample, "seven cities", "year", "off-window share", _OFF_WINDOW_SHARE, figure)
    chicago = _column("KMDW")
    off = sample.is_off[:, chicago]
    gap = _mean(sample.gap_f[:, chicago])
    yield _row(sample, "KMDW", "off days", "gap °F", GAP_MEAN_F, gap, off)


def _peaks(sample: _Sample) -> Iterator[Row]:
    for icao in CORE:
        column, climate = _column(icao), CLIMATES[icao]
        hour = sample.peak_h[:, column]
        for place, part in enumerate((0, 2)):
            chosen = (sample.season == part) & ~sample.is_off[:, column]
            name = SEASONS[part]
            yield _row(sample, icao, name, "peak h", climate.peak_h[place], _mean(hour), chosen)
            target = climate.peak_sd_h[place]
            yield _row(sample, icao, name, "peak SD h", target, _deviation(hour), chosen)


Figure = Callable[[Chosen], float]
"""A figure of the chosen days."""


def _row(  # noqa: PLR0917 — a table's row is told in the order it is read
    sample: _Sample,
    station: str,
    period: str,
    quantity: str,
    target: float,
    figure: Figure,
    chosen: Chosen | None = None,
) -> Row:
    """The figure and its standard error, √((n−1)/n · Σ(θᵢ − θ̄)²), θᵢ leaving out year i."""
    days = np.ones(len(sample.year), dtype=bool) if chosen is None else chosen
    years = np.unique(sample.year)
    without = np.array([figure(days & (sample.year != year)) for year in years])
    error = np.sqrt((len(years) - 1) * without.var())
    return Row(station, period, quantity, target, figure(days), float(error))


def _mean(values: NDArray[np.generic]) -> Figure:
    return lambda chosen: float(values[chosen].mean())


def _deviation(values: Floats) -> Figure:
    return lambda chosen: float(values[chosen].std())


def _correlated(values: Floats, a: str, b: str, *, lag: int = 0) -> Figure:
    """Correlation of station ``a`` with station ``b`` ``lag`` days later, on days of the latter."""
    later = values[:, _column(b)]
    earlier = np.roll(values[:, _column(a)], lag)

    def figure(chosen: Chosen) -> float:
        days = chosen.copy()
        days[:lag] = False
        return float(np.corrcoef(earlier[days], later[days])[0, 1])

    return figure


def _lagged(values: Floats) -> Figure:
    """Pooled lag-1 autocorrelation of series about zero (days, stations)."""

    def figure(chosen: Chosen) -> float:
        pairs = chosen[1:] & chosen[:-1]
        later, earlier = values[1:][pairs], values[:-1][pairs]
        return float((later * earlier).mean() / (later**2).mean())

    return figure


def _rms_ratio(above: Floats, below: Floats) -> Figure:
    return lambda chosen: float(np.sqrt((above[chosen] ** 2).mean() / (below[chosen] ** 2).mean()))


def _column(icao: str) -> int:
    return next(place for place, station in enumerate(STATIONS) if station.icao == icao)
