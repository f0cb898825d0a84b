"""Holds that the program puts there and lifts by itself, in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from kalshi_edge.data.kalshi.account.account_client import is_gone
from kalshi_edge.data.kalshi.account.order_group import OrderGroup
from kalshi_edge.data.kalshi.transport import ErrorBody
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Halt, Resume
from kalshi_edge.domain.records import Cause
from kalshi_edge.engine import Engine
from kalshi_edge.errors import ExchangeDown, OrderObjection, RequestRefused
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import run
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.own_holds import (
    GROUP_RESETS,
    GROUP_RESTS_S,
    OwnHold,
    follow_group,
    mind_the_clock,
)
from tests.cases.account_stories import EVE, D, setup
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop

OFF = timedelta(hours=1)


class Groups:
    """An exchange's order groups, as our client asks for them."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.limits: dict[str, int] = {}
        self.resets = 0
        self.is_down = False

    async def open_group(self, limit: int) -> str:
        self._answer()
        self.opened.append(limit)
        self.limits[name := f"group {len(self.opened)}"] = limit
        return name

    async def limit_group(self, name: str, limit: int) -> bool:
        self._answer()
        if name in self.limits:
            self.limits[name] = limit
        return name in self.limits

    async def reset_group(self, name: str) -> bool:
        self._answer()
        self.resets += 1
        return name in self.limits

    def _answer(self) -> None:
        if self.is_down:
            raise ExchangeDown("not now")


def played(story: Callable[[Engine, EventQueue, VirtualClock], Coroutine[Any, Any, None]]) -> None:
    """``story`` beside a running loop, in virtual time."""

    async def whole() -> None:
        clock = VirtualClock(EVE, asyncio.get_running_loop())
        engine, inbox = setup("NYC").fresh_engine(), EventQueue()
        async with SqliteStore(":memory:", "demo") as store:
            executor = Executor(SimulatedExchange(D(1000)), store)
            looping = asyncio.create_task(run(inbox, engine, executor, store))
            await story(engine, inbox, clock)
            inbox.close()
            await looping

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(whole())


async def after(seconds: float, task: asyncio.Task[None] | None = None) -> None:
    await asyncio.sleep(seconds)
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_a_clock_that_is_off_holds_new_risk_until_it_is_right() -> None:
    async def story(engine: Engine, inbox: EventQueue, clock: VirtualClock) -> None:
        hold = OwnHold(Cause.CLOCK, engine, inbox, clock)
        await mind_the_clock(hold, timedelta())
        assert not hold.is_held
        await mind_the_clock(hold, OFF)
        assert "+3600 s off" in engine.kill_switch.switch_at(clock.now()).reason
        await mind_the_clock(hold, OFF)
        assert engine.kill_switch.halts == 1
        await mind_the_clock(hold, timedelta())
        assert not hold.is_held

    played(story)


def test_a_triggered_group_is_reset_after_its_rest_and_trading_goes_on() -> None:
    async def story(engine: Engine, inbox: EventQueue, clock: VirtualClock) -> None:
        venue = Groups()
        group = OrderGroup(venue, 20)  # type: ignore[arg-type]
        hold = OwnHold(Cause.ORDER_GROUP, engine, inbox, clock)
        following = asyncio.create_task(follow_group(group, hold))
        name = await group.joined()
        group.changed("triggered", name)
        with pytest.raises(OrderObjection, match="triggered"):
            await group.joined()
        await after(10)
        assert hold.is_held
        venue.is_down = True
        await after(GROUP_RESTS_S)
        assert hold.is_held  # it could not be reset
        venue.is_down = False
        await after(10, following)
        assert (venue.resets, hold.is_held, group.is_triggered) == (1, False, False)
        assert await group.joined() == name

    played(story)


def test_after_so_many_resets_in_a_day_a_person_resumes() -> None:
    async def story(engine: Engine, inbox: EventQueue, clock: VirtualClock) -> None:
        venue = Groups()
        group = OrderGroup(venue, 20)  # type: ignore[arg-type]
        hold = OwnHold(Cause.ORDER_GROUP, engine, inbox, clock)
        following = asyncio.create_task(follow_group(group, hold))
        await group.joined()
        for _ in range(GROUP_RESETS + 1):
            group.is_triggered = True
            await after(GROUP_RESTS_S + 10)
        await after(3600)
        assert (venue.resets, hold.is_held) == (GROUP_RESETS, True)
        inbox.put(Resume("looked at it", clock.now(), by="the owner"))
        await after(10)
        assert (venue.resets, hold.is_held, group.is_triggered) == (GROUP_RESETS + 1, False, False)
        await after(0, following)

    played(story)


def test_a_hold_that_an_earlier_life_left_is_lifted_by_the_same_rule() -> None:
    async def story(engine: Engine, inbox: EventQueue, clock: VirtualClock) -> None:
        venue = Groups()
        group = OrderGroup(venue, 20)  # type: ignore[arg-type]
        hold = OwnHold(Cause.ORDER_GROUP, engine, inbox, clock)
        inbox.put(Halt("triggered", clock.now(), cause=Cause.ORDER_GROUP))
        await inbox.handled()
        following = asyncio.create_task(follow_group(group, hold))
        await after(GROUP_RESTS_S / 2)
        assert hold.is_held
        await after(GROUP_RESTS_S, following)
        assert not hold.is_held
        assert await group.joined()

    played(story)


async def test_a_group_is_opened_when_it_is_needed_and_taken_up_by_the_next_life() -> None:
    venue, kept = Groups(), list[str]()

    async def keep(name: str) -> None:
        kept.append(name)

    venue.is_down = True
    group = OrderGroup(venue, 20, keep=keep)  # type: ignore[arg-type]
    with pytest.raises(ExchangeDown):
        await group.joined()  # and no order goes out without it
    venue.is_down = False
    assert await group.joined() == await group.joined() == "group 1"
    assert kept == ["group 1"]
    again = OrderGroup(venue, 30, name=kept[0], keep=keep)  # type: ignore[arg-type]
    await again.take_up()
    assert await again.joined() == "group 1"
    del venue.limits["group 1"]
    await again.take_up()
    assert await again.joined() == "group 2"
    assert venue.opened == [20, 30]


@pytest.mark.parametrize(
    ("refusal", "is_triggered", "name"),
    [
        (ErrorBody(400, "invalid_order", "order group g is triggered"), True, "g"),
        (ErrorBody(404, "not_found", "order group g not found"), False, ""),
        (ErrorBody(400, "insufficient_balance"), False, "g"),
    ],
)
def test_a_refusal_says_what_has_become_of_the_group(
    refusal: ErrorBody, *, is_triggered: bool, name: str
) -> None:
    group = OrderGroup(Groups(), 20, name="g")  # type: ignore[arg-type]
    group.refused(refusal)
    assert (group.is_triggered, group.name) == (is_triggered, name)


def test_a_group_of_somebody_else_is_not_ours() -> None:
    group = OrderGroup(Groups(), 20, name="g")  # type: ignore[arg-type]
    group.changed("triggered", "another")
    assert not group.is_triggered
    group.changed("triggered", "g")
    group.changed("deleted", "g")
    assert (group.is_triggered, group.name) == (False, "")


def test_another_no_than_that_there_is_none_is_an_error() -> None:
    assert is_gone(ErrorBody(httpx.codes.NOT_FOUND))
    assert not is_gone({})
    with pytest.raises(RequestRefused, match="forbidden"):
        is_gone(ErrorBody(403, "forbidden"))
