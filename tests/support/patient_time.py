"""A loop whose time passes only while everybody waits: no deadline in it is missed by slowness.

A server and its client that share one process talk over real sockets, and every timer counts this
time. It moves on, to the next timer, only where no socket has anything and no thread works. A busy
machine then does the same as an idle one, and nobody really waits out a long pause.

Tests marked ``patient_time`` run in it. It is not for a test that waits for another process: while
only that one works, time would pass here.
"""

import asyncio
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

LOOK_AROUND_S = 0.01
"""For so long, really, sockets must be silent before a pause is over …"""
HASTE = 10
"""… or for this part of the pause, where that is less."""
SETTLES_S = 0.1
TURN_S = 1e-5
"""What every turn of the loop takes at least, so that talk without end does not stop time."""


class _Waiting(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for sockets as ever, for threads as long as they work, and for timers hardly at all."""

    def __init__(self, elapse: Callable[[float], None], is_at_work: Callable[[], bool]) -> None:
        super().__init__()
        self._elapse = elapse
        self._is_at_work = is_at_work

    def select(self, timeout: float | None = None) -> list[Any]:
        self._elapse(TURN_S)
        if timeout is None or self._is_at_work():
            # A thread that is done wakes the loop by a socket.
            return super().select(0 if timeout == 0 else None)
        found = super().select(min(timeout / HASTE, LOOK_AROUND_S))
        if not found:
            self._elapse(timeout)
        return found


class PatientLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still while anybody works."""

    def __init__(self) -> None:
        self._passed_s = 0.0
        self._threads = 0
        super().__init__(_Waiting(self._elapse, lambda: self._threads > 0))

    def time(self) -> float:
        return self._passed_s

    def _elapse(self, seconds: float) -> None:
        self._passed_s += max(seconds, 0.0)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, work: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        self._threads += 1
        done = super().run_in_executor(executor, work, *args)
        done.add_done_callback(self._is_done)
        return done

    def _is_done(self, _: object) -> None:
        self._threads -= 1

    def close(self) -> None:
        """Let connections that are being closed be closed first, however late the other side is."""
        if not self.is_closed() and not self.is_running():
            self.run_until_complete(asyncio.sleep(SETTLES_S))
        super().close()


class LoopClock:
    """A machine's clock that goes by the running loop."""

    def __init__(self, start_at: datetime) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero_at = start_at - timedelta(seconds=self._loop.time())

    def now(self) -> datetime:
        return self._zero_at + timedelta(seconds=self._loop.time())

    def delay_s(self, until_at: datetime) -> float:
        return max((until_at - self.now()).total_seconds(), 0.0)
