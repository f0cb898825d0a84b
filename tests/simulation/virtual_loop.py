"""Virtual time: an event loop that never waits, and the clocks that go by it.

Whenever nothing is ready the loop moves to its next timer. A simulated day takes what its own
computing takes, and the same seed runs the same way every time.
"""

import asyncio
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any


class Deadlock(RuntimeError):
    """Everybody waits for somebody, and no timer is left."""


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
        self._elapsed_s += max(seconds, 0.0)

    def run_in_executor(  # type: ignore[override]
        self, _executor: object, work: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        done = self.create_future()
        try:
            done.set_result(work(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class VirtualClock:
    """A clock that goes by the loop; a machine's may jump."""

    def __init__(self, start_at: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._start_at = start_at
        self._loop = loop
        self.off = timedelta()
        """How far it is ahead of the truth."""

    def now(self) -> datetime:
        return self._start_at + timedelta(seconds=self._loop.time()) + self.off

    def delay_s(self, until_at: datetime) -> float:
        return max((until_at - self.now()).total_seconds(), 0.0)
