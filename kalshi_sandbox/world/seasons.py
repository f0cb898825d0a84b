"""Monthly and seasonal tables as curves over the year that keep each month's or season's mean.

A table gives averages over months. Joining them by straight lines between mid-months would flatten
every peak, so the values at the mid-points are solved for, as climate models do with sea surface
temperatures (Taylor, Williamson & Zwiers 2000, PCMDI report 60).
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAP_YEAR = 2024
DAYS = 366
"""Length of a curve: a leap year, so that every calendar day has its place."""


def calendar_index(first: date, count: int) -> Ints:
    """The places of ``count`` days from ``first`` on in a curve of ``DAYS`` values.

    >>> calendar_index(date(2026, 2, 28), 2), calendar_index(date(2024, 2, 29), 1)
    (array([58, 60]), array([59]))
    """
    days = (first + timedelta(days=step) for step in range(count))
    return np.array([_place(day) for day in days])


def _place(day: date) -> int:
    return (day.replace(year=_LEAP_YEAR) - date(_LEAP_YEAR, 1, 1)).days


def year_length(year: int) -> int:
    """Days in a calendar year.

    >>> year_length(2024), year_length(2026)
    (366, 365)
    """
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def season(day: date) -> int:
    """0 winter (December to February), 1 spring, 2 summer, 3 autumn."""
    return day.month % 12 // 3


def months() -> Ints:
    """The month (0 to 11) of each place in a curve."""
    first = date(_LEAP_YEAR, 1, 1)
    return np.array([(first + timedelta(days=step)).month - 1 for step in range(DAYS)])


def curve(table: Sequence[float]) -> Floats:
    """The curve whose mean over each month (12 values) or season (4) is the table's.

    >>> c = curve([1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2])
    >>> [round(float(c[months() == month].mean()), 9) for month in (0, 6)]
    [1.0, 7.0]
    """
    count = len(table)
    parts = months() if count == 12 else (months() + 1) % 12 // 3
    weights = _hat_functions(parts, count)
    averages = np.array([weights[parts == part].mean(axis=0) for part in range(count)])
    nodes = np.linalg.solve(averages, np.asarray(table, dtype=float))
    return weights @ nodes


def _hat_functions(parts: Ints, count: int) -> Floats:
    """Weight of each part's mid-point at each day: straight lines between them, round the year."""
    angle = 2 * np.pi * (np.arange(DAYS) + 0.5) / DAYS
    middle = [np.angle(np.exp(1j * angle[parts == part]).mean()) for part in range(count)]
    return np.column_stack(
        [np.interp(angle, middle, unit, period=2 * np.pi) for unit in np.eye(count)]
    )


def winter_summer(winter: float, summer: float) -> Floats:
    """The cosine over the year, extreme in mid-January, with these means in winter and summer.

    >>> c = winter_summer(0.10, 0.01)
    >>> summer_mean = c[(months() >= 5) & (months() <= 7)].mean()
    >>> round(float(summer_mean), 3)
    0.01
    """
    mean_of_cosine = np.sin(np.pi / 4) / (np.pi / 4)
    amplitude = (winter - summer) / 2 / mean_of_cosine
    phase = 2 * np.pi * (np.arange(DAYS) - 15) / DAYS
    result: Floats = (winter + summer) / 2 + amplitude * np.cos(phase)
    return result
