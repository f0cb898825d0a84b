"""What happens by the clock: when each job is due, and what became of it.

APScheduler's cron rules say when; our own clock says what time it is, so that a world that runs
faster keeps the same hours. A job never overlaps itself. One that comes late stands for all that
were missed meanwhile, and they are counted. A clock that is set back makes no job wait for an hour
that it had before.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from apscheduler.triggers.cron import CronTrigger

from kalshi_edge.clock import Clock

LOOK_AGAIN_S = 1.0
"""A machine that slept, a clock that was set and a world that runs faster now tell nobody."""


class Job(StrEnum):
    """What is done by the clock."""

    CYCLE = "cycle"
    DAY = "day"
    """The UTC day's books are closed."""
    CALIBRATION = "calibration"
    """What the climate day that ended teaches, asked for until it is known."""
    HEARTBEAT = "heartbeat"


TRIGGERS: Mapping[Job, CronTrigger] = MappingProxyType(
    {
        Job.CYCLE: CronTrigger(minute="0,30", timezone=UTC),
        Job.DAY: CronTrigger(hour=0, minute=0, timezone=UTC),
        Job.CALIBRATION: CronTrigger(hour=9, minute=0, timezone=UTC),
        Job.HEARTBEAT: CronTrigger(second=0, timezone=UTC),
    }
)


@dataclass(frozen=True, slots=True)
class Tick:
    """A job is due, or hurried; ``missed`` were due before it and slept through."""

    at: datetime
    missed: int = 0


@dataclass(slots=True)
class Count:
    """What became of one job so far. ``due`` = ``done`` + ``missed`` + what is being done."""

    due: int = 0
    done: int = 0
    missed: int = 0
    hurried: int = 0
    """Done besides, before they were due."""
    begun_at: datetime | None = None
    """Of the one under way, if one is."""
    last_at: datetime | None = None
    next_at: datetime | None = None


class Timetable:
    """When every job is due, and the count of each."""

    def __init__(self, clock: Clock) -> None:
        self.counts = {job: Count() for job in Job}
        self._clock = clock
        self._hurry = {job: asyncio.Event() for job in Job}

    def hurry(self, job: Job) -> None:
        """Let a job be done now; several such wishes are one."""
        self._hurry[job].set()

    async def ticks(self, job: Job, since_at: datetime | None = None) -> AsyncIterator[Tick]:
        """Every stroke of a job, for ever. What was due since ``since_at`` was missed."""
        count = self.counts[job]
        seen_at = self._clock.now()
        due_at = _after(job, seen_at if since_at is None else since_at)
        while True:
            count.next_at = due_at
            is_hurried, now = await self._is_hurried(job, due_at), self._clock.now()
            if now < seen_at:
                due_at = min(due_at, _after(job, now))  # the clock was set back
            seen_at = now
            if not is_hurried and now < due_at:
                continue
            missed = 0
            if is_hurried:
                count.hurried += 1
            else:
                due_at, missed = _following(job, due_at, now)
                count.due += 1 + missed
                count.missed += missed
            count.begun_at = now
            yield Tick(now, missed)
            count.begun_at, count.last_at = None, now
            count.done += not is_hurried

    async def _is_hurried(self, job: Job, due_at: datetime) -> bool:
        try:
            async with asyncio.timeout(min(self._clock.delay_s(due_at), LOOK_AGAIN_S)):
                await self._hurry[job].wait()
        except TimeoutError:
            return False
        self._hurry[job].clear()
        return True


def _after(job: Job, at: datetime) -> datetime:
    """The first time after ``at`` that a job is due."""
    due_at: datetime | None = TRIGGERS[job].get_next_fire_time(at, at)
    assert due_at is not None  # our rules go on for ever
    return due_at


def _following(job: Job, due_at: datetime, now: datetime) -> tuple[datetime, int]:
    """When a job that was due at ``due_at`` is due after ``now``, and how often in between."""
    missed, following_at = 0, _after(job, due_at)
    while following_at <= now:
        missed += 1
        following_at = _after(job, following_at)
    return following_at, missed
