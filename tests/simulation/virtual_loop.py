"""Virtual time: an event loop that never waits, and the clocks that go by it.

Whenever nothing is ready the loop moves to its next timer. A simulated day takes what its own
computing takes, and the same seed runs the same way every time.

Several *processes* may share the loop. What a process schedules carries its name in its context;
held, nothing of it runs, and a dead one costs nothing.
"""

import asyncio
import heapq
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast


class Deadlock(RuntimeError):
    """Everybody waits for somebody, and no timer is left."""


@dataclass(eq=False)
class Process:
    """All callbacks and timers that one simulated process has on the loop."""

    is_held: bool = False
    asleep_s: float = 0.0
    """Seconds that its machine slept: its monotonic clock has not counted them."""
    ready: list[asyncio.Handle] = field(default_factory=list)
    """What would run, were it not held."""
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    """What would go off, were it not held."""


OWNER: ContextVar[Process | None] = ContextVar("owner", default=None)
"""Whose a callback is; nobody's in the world outside all processes."""


def task_of(process: Process | None, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task of ``process``, with all that comes of it; of nobody's for ``None``."""
    context = copy_context()
    context.run(OWNER.set, process)
    return asyncio.create_task(work, context=context)


class _NoWaiting(selectors.SelectSelector):
    """Lets no time pass but the loop's own."""

    def __init__(self, elapse: Callable[[float], None]) -> None:
        super().__init__()
        self._elapse = elapse

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Deadlock("nothing is ready and nothing is due")
        self._elapse(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is its own; what others run in threads is done at once."""

    def __init__(self) -> None:
        self._elapsed_s = 0.0
        super().__init__(_NoWaiting(self._elapse))

    def time(self) -> float:
        return self._elapsed_s

    def _elapse(self, seconds: float) -> None:
        if seconds > 0:
            self._elapsed_s += seconds

    def run_in_executor(  # type: ignore[override]
        self, _executor: object, work: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done = self.create_future()
        try:
            done.set_result(work(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    # --- processes: these reach into asyncio's own queues, which have no other door ---------------

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        owner = handle._context.get(OWNER)
        (self._ready if owner is None or not owner.is_held else owner.ready).append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self._check_closed()
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        owner = timer._context.get(OWNER)
        if owner is not None and owner.is_held:
            owner.timers.append(timer)
        else:
            self._set(timer)
        return timer

    def hold(self, process: Process) -> None:
        """Let nothing of ``process`` run any more, but for the step that it is in."""
        process.is_held = True
        for place, handle in enumerate(self._ready):
            if handle._context.get(OWNER) is process:
                process.ready.append(handle)
                self._ready[place] = _nothing(self)
        others = [one for one in self._scheduled if one._context.get(OWNER) is not process]
        if len(others) != len(self._scheduled):
            mine = [one for one in self._scheduled if one._context.get(OWNER) is process]
            for timer in mine:
                timer._scheduled = False
                self._timer_cancelled_count -= timer.cancelled()
            process.timers += sorted(mine)
            heapq.heapify(others)
            self._scheduled[:] = others

    def release(self, process: Process, slept_s: float = 0.0) -> None:
        """Let ``process`` go on; for so many seconds of the pause its machine slept."""
        if not process.is_held:
            return
        process.is_held = False
        process.asleep_s += slept_s
        self._ready.extend(process.ready)
        for timer in process.timers:
            if not timer.cancelled():
                timer._when += slept_s
                self._set(timer)
        process.ready, process.timers = [], []

    def _set(self, timer: asyncio.TimerHandle) -> None:
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True


def _nothing(loop: asyncio.AbstractEventLoop) -> asyncio.Handle:
    handle = asyncio.Handle(_nothing, (), loop)
    handle.cancel()
    return handle


def the_loop() -> VirtualLoop:
    """The virtual loop that runs."""
    return cast(VirtualLoop, asyncio.get_running_loop())


class VirtualClock:
    """A clock that goes by the loop; a machine's may jump."""

    def __init__(self, start_at: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._start_at = start_at
        self._loop = loop
        self.begun_at = start_at + timedelta(seconds=loop.time())
        self.off = timedelta()
        """How far it is ahead of the truth."""

    def now(self) -> datetime:
        return self._start_at + timedelta(seconds=self._loop.time()) + self.off

    def delay_s(self, until_at: datetime) -> float:
        return max((until_at - self.now()).total_seconds(), 0.0)
