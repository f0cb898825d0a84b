"""The temperature every five minutes, in whole °F, as ASOS keeps it.

The maximum over the climate day is the day's high exactly, reached for the last time in its peak
slot; that over NBM's window is exactly what ``window_high_f`` says. Between these, a smooth course
with gusts of warmth, so that hourly readings often miss the maximum.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kalshi_sandbox.world.days import PER_HOUR, SLOTS, WINDOW_SPILL_SLOTS, WINDOW_START_SLOT, Days
from kalshi_sandbox.world.draws import draws
from kalshi_sandbox.world.seasons import Floats, Ints

_CROWN_F = 2.2
"""How far the smooth course stays below the maximum that a gust reaches."""
_GUST_SD_F = 0.9
_GUST_SLOTS = 4
"""Gusts come and go within 20 minutes."""
_MIDNIGHT_SHARE = 0.35
"""Of the fall from yesterday's maximum to the night's low, what is still to come at midnight."""


@dataclass(frozen=True, slots=True)
class _Course:
    """One station's days, arrays (days,): the figures that a day's course goes through."""

    high_f: Ints
    daytime_f: Ints
    night_slot: Ints
    peak_slot: Ints
    held_slots: Ints
    is_night_fall: NDArray[np.bool_]
    low_f: Floats


def low_f(days: Days) -> Floats:
    """The low towards sunrise that each day's course aims at (days, stations).

    The day's minimum may be lower, at its end; the first day is taken to be like the one before.
    """
    before = np.vstack([days.high_f[:1], days.high_f[:-1]])
    middle = (days.high_f + before) / 2
    return np.minimum(days.daytime_f, middle) - days.range_f


def temperatures(
    seed: int, year: int, column: int, days: Days, sunrise_slot: Ints
) -> NDArray[np.int16]:
    """One station's temperatures (days, ``SLOTS``), °F.

    ``days`` has the year's days and one more at either end; ``sunrise_slot`` is that of each of
    the year's days.
    """
    course = _course(days, column)
    count = len(sunrise_slot)
    anchors, values = _anchors(course, column, sunrise_slot)
    slots = np.arange(count * SLOTS)
    at = np.searchsorted(anchors, slots, side="right") - 1
    share = (slots - anchors[at]) / (anchors[at + 1] - anchors[at])
    rise = (values[at + 1] - values[at]) * (1 - np.cos(np.pi * share)) / 2
    gusts = _gusts(seed, year, column, len(slots))
    smooth = (values[at] + rise + gusts).reshape(count, SLOTS)
    return _within_bounds(np.floor(smooth + 0.5), course, column).astype(np.int16)


def _course(days: Days, column: int) -> _Course:
    return _Course(
        high_f=days.high_f[:, column],
        daytime_f=days.daytime_f[:, column],
        night_slot=days.night_slot[:, column],
        peak_slot=days.peak_slot[:, column],
        held_slots=days.held_slots[:, column],
        is_night_fall=days.is_night_fall[:, column],
        low_f=low_f(days)[:, column],
    )


def _anchors(course: _Course, column: int, sunrise_slot: Ints) -> tuple[Ints, Floats]:
    """Slots, counted from the first midnight, and the temperatures that the course has there."""
    midnight_f = _midnight_f(course)
    inner = slice(1, -1)
    is_off = course.night_slot[inner] >= 0
    low = course.low_f[inner]
    low_slot = np.where(is_off, WINDOW_START_SLOT[column] - 3, sunrise_slot)
    first_slot = np.where(is_off, course.night_slot[inner] + 1, low_slot // 2)
    first = np.where(is_off, course.high_f[inner], (midnight_f[:-1] + low) / 2)
    peak = course.daytime_f[inner] - _CROWN_F
    start = np.arange(len(low)) * SLOTS
    slots = start[:, None] + np.column_stack(
        [np.zeros_like(start), first_slot, low_slot, course.peak_slot[inner]]
    )
    values = np.column_stack([midnight_f[:-1], first, low, peak])
    return np.append(slots, start[-1] + SLOTS), np.append(values, midnight_f[-1])


def _midnight_f(course: _Course) -> Floats:
    """At the beginning of each day but the first: below both days' maxima, unless it is one."""
    before, after = course.daytime_f[:-1], course.daytime_f[1:]
    low = course.low_f[1:]
    cooling = low + _MIDNIGHT_SHARE * (course.high_f[:-1] - low)
    usual = np.minimum(cooling, np.minimum(before, after) - 1)
    return np.where(course.is_night_fall[1:], course.high_f[1:], usual)


def _gusts(seed: int, year: int, column: int, count: int) -> Floats:
    knots = draws(seed, "gusts", year, column).standard_normal(count // _GUST_SLOTS + 2)
    return _GUST_SD_F * np.interp(np.arange(count) / _GUST_SLOTS, np.arange(len(knots)), knots)


def _within_bounds(rough: Floats, course: _Course, column: int) -> Floats:
    """The temperatures with their maxima made exact: over the day, and over NBM's window."""
    slot = np.arange(SLOTS)[None]
    inner = slice(1, -1)
    high, daytime = course.high_f[inner, None], course.daytime_f[inner, None]
    night, peak = course.night_slot[inner, None], course.peak_slot[inner, None]
    is_off = night >= 0
    in_window = slot >= WINDOW_START_SLOT[column]
    most = np.where(is_off & in_window, daytime, high - 1)
    # The first hour may still belong to the window of the day before.
    spills = (slot < WINDOW_SPILL_SLOTS[column]) & ~course.is_night_fall[inner, None]
    most = np.where(spills, np.minimum(most, course.daytime_f[:-2, None]), most)
    result = np.minimum(rough, most)
    result = np.where(is_off & (slot == peak), daytime, result)
    last = np.where(is_off, night, peak)
    held = (slot <= last) & (slot > last - course.held_slots[inner, None])
    return np.where(held, high, result)


def sunrise_slots(index: Ints) -> Ints:
    """When nights are coldest, by place in the calendar: 7 in mid-winter, 5 in mid-summer, LST."""
    hour = 6 + np.cos(2 * np.pi * (index - 15) / 366)
    return (hour * PER_HOUR).astype(int)
