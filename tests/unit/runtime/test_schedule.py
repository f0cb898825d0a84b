"""By the clock: what is due is done once, what was slept through is counted, nothing overlaps."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.clock import ManualClock
from kalshi_edge.runtime.schedule import Job, Tick, Timetable
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

START = datetime(2026, 11, 22, 8, 50, tzinfo=UTC)


async def tick_at(ticks: AsyncIterator[Tick], clock: ManualClock, at: datetime) -> Tick:
    waiting = asyncio.ensure_future(anext(ticks))
    await asyncio.sleep(0.001)
    clock.set(at)
    return await asyncio.wait_for(waiting, PATIENCE_S)


async def test_cycles_are_due_twice_an_hour() -> None:
    clock = ManualClock(START)
    table = Timetable(clock)
    ticks = table.ticks(Job.CYCLE)
    assert await tick_at(ticks, clock, START.replace(hour=9, minute=0)) == Tick(clock.now())
    assert await tick_at(ticks, clock, START.replace(hour=9, minute=30)) == Tick(clock.now())
    count = table.counts[Job.CYCLE]
    assert (count.due, count.done, count.missed) == (2, 1, 0)


async def test_what_is_due_is_done_though_the_clock_moved_on_during_the_sleep() -> None:
    class Suspended(ManualClock):
        def delay_s(self, until_at: datetime) -> float:
            return (until_at - self.now()).total_seconds()

    clock = Suspended(START)
    tick = await tick_at(Timetable(clock).ticks(Job.CYCLE), clock, START.replace(hour=9, minute=0))
    assert tick == Tick(START.replace(hour=9, minute=0))


async def test_nothing_is_due_a_moment_early() -> None:
    clock = ManualClock(START)
    waiting = asyncio.ensure_future(anext(Timetable(clock).ticks(Job.CALIBRATION)))
    clock.set(START.replace(minute=59, second=59))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    clock.set(START.replace(hour=9, minute=0))
    assert (await waiting).at == clock.now()


async def test_a_day_slept_through_is_one_stroke_and_counted() -> None:
    clock = ManualClock(START)
    table = Timetable(clock)
    ticks = table.ticks(Job.CYCLE)
    late = await tick_at(ticks, clock, START + timedelta(days=1))
    assert late.missed == 47
    assert table.counts[Job.CYCLE].due == 48
    following = await tick_at(ticks, clock, START.replace(day=23, hour=9, minute=0))
    assert following.missed == 0


async def test_what_was_due_while_nobody_was_here_was_missed() -> None:
    clock = ManualClock(START)
    table = Timetable(clock)
    tick = await anext(table.ticks(Job.CYCLE, START - timedelta(hours=2)))
    assert tick.missed == 3
    morning = ManualClock(START.replace(hour=11))
    assert (await anext(Timetable(morning).ticks(Job.CALIBRATION, START))).missed == 0


async def test_a_hurried_job_is_done_at_once_and_its_next_time_stays() -> None:
    clock = ManualClock(START)
    table = Timetable(clock)
    ticks = table.ticks(Job.CYCLE)
    table.hurry(Job.CYCLE)
    table.hurry(Job.CYCLE)
    assert await asyncio.wait_for(anext(ticks), PATIENCE_S) == Tick(START)
    waiting = asyncio.ensure_future(anext(ticks))
    await asyncio.sleep(0.02)
    assert not waiting.done()  # two wishes are one
    clock.set(START.replace(hour=9, minute=0))
    await waiting
    count = table.counts[Job.CYCLE]
    assert (count.due, count.missed, count.hurried) == (1, 0, 1)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(31, 20_000))
async def test_every_due_time_is_done_or_missed(start: datetime, minutes: int) -> None:
    since_at = start.replace(tzinfo=UTC)
    table = Timetable(ManualClock(since_at + timedelta(minutes=minutes)))
    tick = await anext(table.ticks(Job.CYCLE, since_at))
    half_hours = [
        (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(minutes=30)
        for at in (since_at, since_at + timedelta(minutes=minutes))
    ]
    assert 1 + tick.missed == half_hours[1] - half_hours[0]


@pytest.mark.parametrize(
    ("job", "period"),
    [
        (Job.CYCLE, timedelta(minutes=30)),
        (Job.DAY, timedelta(days=1)),
        (Job.CALIBRATION, timedelta(days=1)),
        (Job.HEARTBEAT, timedelta(minutes=1)),
    ],
)
async def test_a_clock_that_is_set_back_makes_no_job_wait_longer_than_its_period(
    job: Job, period: timedelta
) -> None:
    class Settable(ManualClock):
        def set_back(self, by: timedelta) -> None:
            self._now -= by

    clock = Settable(START.replace(hour=0, minute=0, second=1))
    ticks = Timetable(clock).ticks(job)
    await tick_at(ticks, clock, clock.now() + period)
    waiting = asyncio.ensure_future(anext(ticks))
    await asyncio.sleep(0.001)
    clock.set_back(5 * period)
    await asyncio.sleep(0.02)
    assert not waiting.done()
    clock.advance(period)
    assert (await asyncio.wait_for(waiting, PATIENCE_S)).missed == 0
