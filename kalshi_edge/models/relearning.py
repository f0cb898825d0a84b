"""The way back: a corrected result changes what was learned as if it had been so all along.

A record is a state and the lessons since; what it knows is the one taught the others in order of
their days, by the same arithmetic on the same figures, hence the same to the last bit.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from kalshi_edge.domain.beliefs import L, LearnedRecord, S

LESSONS_KEPT = 7
"""So many settled days can be unlearned: the weather service keeps a report for five days."""


def known_state(record: LearnedRecord[S, L], teach: Callable[[S, L], S]) -> S:
    """What ``record`` knows: its base and the lessons since, in order."""
    state = record.base
    for lesson in record.lessons:
        state = teach(state, lesson)
    return state


def revised(
    record: LearnedRecord[S, L], climate_day: date, lesson: L | None, teach: Callable[[S, L], S]
) -> LearnedRecord[S, L]:
    """``record`` as if ``climate_day`` had taught ``lesson``, or nothing, from the beginning.

    Of the same class; it is ``record`` itself where nothing changes, and where the day is in its
    base: too long ago. Lessons beyond those that are kept go into the base, the oldest first.
    """
    if record.base_as_of is not None and climate_day <= record.base_as_of:
        return record
    lessons: list[L] = [one for one in record.lessons if one.climate_day != climate_day]
    if lesson is not None:
        lessons.append(lesson)
    ordered = tuple(sorted(lessons, key=lambda one: one.climate_day))
    if ordered == record.lessons:
        return record
    base, as_of = record.base, record.base_as_of
    for old in ordered[:-LESSONS_KEPT]:
        base, as_of = teach(base, old), old.climate_day
    return replace(record, base=base, lessons=ordered[-LESSONS_KEPT:], base_as_of=as_of)
