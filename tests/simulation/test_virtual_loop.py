"""Processes on the virtual loop: held they stand still, and a machine's sleep is not counted."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from tests.simulation.virtual_loop import Process, VirtualLoop, task_of, the_loop


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)


async def tick(into: list[float]) -> None:
    while True:
        await asyncio.sleep(10)
        into.append(the_loop().time())


def test_a_held_process_stands_still_and_what_fell_due_is_overdue() -> None:
    async def work() -> None:
        process, ticks = Process(), list[float]()
        ticking = task_of(process, tick(ticks))
        await asyncio.sleep(25)
        the_loop().hold(process)
        await asyncio.sleep(100)
        assert ticks == [10, 20]
        the_loop().release(process)
        await asyncio.sleep(11)
        assert ticks == [10, 20, 125, 135]
        ticking.cancel()

    run(work())


def test_timers_of_a_machine_that_slept_wait_for_what_was_left_of_them() -> None:
    async def work() -> None:
        process, ticks = Process(), list[float]()
        ticking = task_of(process, tick(ticks))
        await asyncio.sleep(25)
        the_loop().hold(process)
        await asyncio.sleep(100)
        the_loop().release(process, slept_s=100)
        await asyncio.sleep(6)
        assert ticks == [10, 20, 130]
        assert process.asleep_s == 100
        ticking.cancel()

    run(work())


def test_what_a_held_process_waits_for_reaches_it_when_it_goes_on() -> None:
    async def work() -> None:
        process, queue = Process(), asyncio.Queue[str]()
        waiting = task_of(process, queue.get())
        await asyncio.sleep(1)
        the_loop().hold(process)
        queue.put_nowait("a frame")
        await asyncio.sleep(1)
        assert not waiting.done()
        the_loop().release(process)
        assert await waiting == "a frame"

    run(work())


def test_a_task_of_the_world_goes_on_when_the_process_that_began_it_is_held() -> None:
    async def work() -> None:
        process, arrived = Process(), list[float]()

        async def deliver() -> None:
            await asyncio.sleep(1)
            arrived.append(the_loop().time())

        async def send() -> None:
            await task_of(None, deliver())

        task_of(process, send())
        await asyncio.sleep(0.5)
        the_loop().hold(process)
        await asyncio.sleep(5)
        assert arrived == [1]
        the_loop().release(process)

    run(work())
