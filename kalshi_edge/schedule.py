"""The clock's strokes: what happens by the clock is an event like any other.

APScheduler's cron rules say when; our own clock says what time it is, so that a world that runs
faster keeps the same hours. A stroke that comes late stands for all that were missed meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from apscheduler.triggers.cron import CronTrigger

from kalshi_edge.clock import Clock
from kalshi_edge.domain.events import CycleDue, DayTurned


@dataclass(frozen=True, slots=True)
class Stroke:
    """An event that is due by the clock, and how many before it were slept through."""

    event: CycleDue | DayTurned
    missed: int


@dataclass(frozen=True, slots=True)
class Rule:
    """When one kind of stroke is due, in UTC."""

    trigger: CronTrigger
    event: Callable[[datetime], CycleDue | DayTurned]

    def after(self, at: datetime) -> datetime:
        """The first time after ``at`` that the rule is due."""
        due: datetime | None = self.trigger.get_next_fire_time(at, at)
        assert due is not None  # our rules go on for ever
        return due


RULES = (
    Rule(CronTrigger(minute="0,30", timezone=UTC), CycleDue),
    Rule(CronTrigger(hour=0, minute=0, timezone=UTC), DayTurned),
)


async def strokes(clock: Clock, rules: tuple[Rule, ...] = RULES) -> AsyncIterator[Stroke]:
    """Every stroke when it is due, for ever; those slept through are counted, not repeated."""
    due = {rule: rule.after(clock.now()) for rule in rules}
    while True:
        rule = min(due, key=lambda one: due[one])
        await asyncio.sleep(clock.delay_s(due[rule]))
        now = clock.now()
        if now < due[rule]:
            continue  # the sleep was a little short
        missed = 0
        following = rule.after(due[rule])
        while following <= now:
            missed += 1
            following = rule.after(following)
        due[rule] = following
        yield Stroke(rule.event(now), missed)
