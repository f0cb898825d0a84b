"""How days and cities hang together: persistence, correlation, weather that travels east.

The five traded cities follow a first-order vector autoregression with exactly the published
same-day correlations, persistences and lead-lags (538 us-weather-history, 2014-15); what was not
published follows from those. The other stations are the five, spread by distance, and a regional
rest [E].
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kalshi_edge.data.weather.stations import STATIONS
from kalshi_sandbox.world.seasons import Floats

CORE = ("KNYC", "KMDW", "KMIA", "KLAX", "KPHX")
SAME_DAY = {
    ("KNYC", "KMDW"): 0.41,
    ("KNYC", "KMIA"): 0.20,  # half of Jacksonville's [E], as for Chicago below
    ("KNYC", "KLAX"): -0.15,
    ("KNYC", "KPHX"): -0.16,
    ("KMDW", "KMIA"): 0.135,
    ("KMDW", "KLAX"): -0.04,
    ("KMDW", "KPHX"): -0.06,
    ("KMIA", "KPHX"): -0.04,
    ("KLAX", "KPHX"): 0.50,
}
PERSISTENCE = {"KNYC": 0.58, "KMDW": 0.63, "KMIA": 0.60, "KLAX": 0.70, "KPHX": 0.76}
CHICAGO_BY_SEASON = (0.74, 0.59, 0.40, 0.60)
"""Persistence at Midway in winter, spring, summer and autumn: the one that was published so."""
DAY_AHEAD = {("KMDW", "KNYC"): 0.68, ("KLAX", "KPHX"): 0.55, ("KMDW", "KMIA"): 0.23}
"""Correlation of the first today with the second tomorrow."""

_REACH_KM = 1290.0
"""Where exp(−distance/reach) gives the published .41 between New York and Chicago."""
_REST_PERSISTENCE = 0.55
_ERROR_NEAR, _ERROR_REACH_KM = 0.75, 527.0
"""Forecast errors: .2 between Los Angeles and Phoenix, below .1 between the other cities [E], once
days of different scale and what all forecasts miss of the weather are mixed in."""

_COLUMN = {station.icao: place for place, station in enumerate(STATIONS)}
CORE_COLUMNS = [_COLUMN[icao] for icao in CORE]


@dataclass(frozen=True, slots=True)
class Recursion:
    """x(t) = step·x(t−1) + spread·white noise, per season; anomalies of all stations = mix·x."""

    steps: tuple[Floats, ...]
    spreads: tuple[Floats, ...]
    mix: Floats


def same_day() -> Floats:
    """Same-day correlations of the five cities, in the order of ``CORE``."""
    result = np.eye(len(CORE))
    for (a, b), correlation in SAME_DAY.items():
        i, j = CORE.index(a), CORE.index(b)
        result[i, j] = result[j, i] = correlation
    return result


def transition(season: int) -> Floats:
    """The matrix A of z(t) = A z(t−1) + e for the five cities.

    A city follows itself and, where a lead was published, the one upwind. Row i solves
    A·Γ₀ = Γ₁ for those columns: two figures, two unknowns.
    """
    gamma = same_day()
    result = np.zeros_like(gamma)
    for i, icao in enumerate(CORE):
        lagged = {i: PERSISTENCE[icao]} | {
            CORE.index(ahead): r for (ahead, behind), r in DAY_AHEAD.items() if behind == icao
        }
        if icao == "KMDW":
            lagged[i] = CHICAGO_BY_SEASON[season]
        columns = list(lagged)
        result[i, columns] = np.linalg.solve(gamma[np.ix_(columns, columns)], list(lagged.values()))
    return result


@cache
def recursion() -> Recursion:
    """The whole country's recursion: the five cities, then the rest of every other station.

    Its stationary covariance is the same in all seasons: that of the innovations, Γ₀ − AΓ₀Aᵀ,
    makes up for what each season's step loses.
    """
    weights, rest = _spread_over_country()
    cities, others = len(CORE), len(rest)
    stationary = np.block([
        [same_day(), np.zeros((cities, others))],
        [np.zeros((others, cities)), rest],
    ])  # fmt: skip
    steps, spreads = [], []
    for season in range(4):
        step = np.eye(cities + others) * _REST_PERSISTENCE
        step[:cities, :cities] = transition(season)
        steps.append(step)
        spreads.append(np.linalg.cholesky(stationary - step @ stationary @ step.T))
    mix = np.zeros((len(STATIONS), cities + others))
    other_columns = [c for c in range(len(STATIONS)) if c not in CORE_COLUMNS]
    mix[CORE_COLUMNS, :cities] = np.eye(cities)
    mix[other_columns] = np.hstack([weights, np.eye(others)])
    deviations = np.sqrt(np.einsum("ij,jk,ik->i", mix, stationary, mix))
    return Recursion(tuple(steps), tuple(spreads), mix / deviations[:, None])


def _spread_over_country() -> tuple[Floats, Floats]:
    """Every other station's best guess from the five cities, and the covariance of the rest."""
    near = np.exp(-_distances_km() / _REACH_KM)
    others = [c for c in range(len(STATIONS)) if c not in CORE_COLUMNS]
    among, across = near[np.ix_(CORE_COLUMNS, CORE_COLUMNS)], near[np.ix_(others, CORE_COLUMNS)]
    weights = across @ np.linalg.inv(among)
    return weights, near[np.ix_(others, others)] - weights @ across.T


@cache
def error_spread() -> NDArray[np.floating]:
    """The Cholesky factor of the correlations between stations' forecast errors."""
    correlation = _ERROR_NEAR * np.exp(-_distances_km() / _ERROR_REACH_KM)
    np.fill_diagonal(correlation, 1.0)
    return np.linalg.cholesky(correlation)


@cache
def _distances_km() -> Floats:
    """Great-circle distances of all pairs of stations."""
    latitude = np.radians([station.latitude for station in STATIONS])
    longitude = np.radians([station.longitude for station in STATIONS])
    haversine = (
        np.sin((latitude[:, None] - latitude) / 2) ** 2
        + np.cos(latitude[:, None])
        * np.cos(latitude)
        * np.sin((longitude[:, None] - longitude) / 2) ** 2
    )
    result: Floats = 2 * 6371.0 * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))
    return result
