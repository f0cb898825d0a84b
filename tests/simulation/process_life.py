"""One life of a trader's process: everything it does outside itself passes a gate.

Killing it closes all gates for good: nothing that it still computes can reach anybody, and no
clean-up of its own runs, as after ``kill -9``. Pausing it closes them for a while.
"""

import asyncio
import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from kalshi_edge.domain.records import Lease
from kalshi_edge.errors import StoreError
from tests.simulation.virtual_loop import Process, VirtualClock, the_loop

ORDER_PATH = (
    "store.append",
    "store.add_order",
    "store.switch",
    "POST /portfolio/events/orders",
    "DELETE /portfolio/events/orders/{}",
    "GET /portfolio/orders",
    "GET /portfolio/orders/{}",
    "GET /portfolio/fills",
    "GET /exchange/user_data_timestamp",
)
"""The awaits between a decision and its outcome."""
POINTS = tuple(
    (side, what)
    for what in ORDER_PATH
    for side in (
        ("before", "after") if what.startswith("store.") else ("before", "during", "after")
    )
)
"""Where a process can die on the order path. During a request it has left, and will arrive."""


@dataclass(slots=True)
class CrashPoint:
    """Death at the n-th time that a process passes one point."""

    point: tuple[str, str]
    times: int = 1

    @classmethod
    def drawn(cls, random: Random) -> "CrashPoint":
        """Anywhere on the order path, now or a little later."""
        return cls(random.choice(POINTS), random.choice((1, 1, 1, 2, 3)))

    def strikes(self, side: str, what: str) -> bool:
        """Whether it is now."""
        self.times -= (side, what) == self.point
        return self.times <= 0


@dataclass(slots=True)
class Leases:
    """Who has the store's lease, by the store's own answers."""

    holder: str = ""

    def told(self, lease: Lease) -> None:
        """What the store answered last."""
        self.holder = lease.holder


class Over(BaseException):
    """The simulation is over; what is left of a dead life may end."""


@dataclass
class Life:
    """A process that may be killed, paused, or left without disk space."""

    number: int
    clock: VirtualClock
    told: Callable[[str], None]
    leases: Leases = field(default_factory=Leases)
    holder: str = ""
    """The name that it asks for the lease under."""
    crash_point: CrashPoint | None = None
    passed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often it came by every point of the order path."""
    killed_at: str = ""
    is_dead: bool = False
    is_torn_down: bool = False
    disk_full: bool = False
    refused_writes: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    hang_up: list[Callable[[], None]] = field(default_factory=list)
    """What the system does to the sockets of a process that ends."""
    process: Process = field(default_factory=Process)
    """All that it has on the loop."""

    async def gate(self, what: str, side: str) -> None:
        """Pass, unless this process is dead or about to die."""
        if what in ORDER_PATH and not self.is_dead:
            self.passed[side, what] += 1
            if self.crash_point is not None and self.crash_point.strikes(side, what):
                self.kill(f"{side} {what}")
        if self.is_torn_down:
            raise Over
        if self.is_dead:
            await asyncio.Event().wait()  # its last step ends here

    def kill(self, where: str) -> None:
        """``kill -9``."""
        if self.is_dead:
            return
        self.is_dead, self.killed_at = True, where
        self.told(f"life {self.number} is killed {where}")
        the_loop().hold(self.process)
        self._end()

    def end(self) -> None:
        """It ended by itself."""
        if not self.is_dead:
            self.is_dead = True
            self._end()

    def _end(self) -> None:
        self.ended.set()
        for close in self.hang_up:
            close()

    @property
    def is_stopped(self) -> bool:
        """Whether it stands still, and may go on."""
        return self.process.is_held and not self.is_dead

    @property
    def began_at(self) -> datetime:
        """When it was started, by the true time."""
        return self.clock.begun_at

    def now_s(self) -> float:
        """Seconds on its monotonic clock, which stands still while the machine sleeps."""
        return the_loop().time() - self.process.asleep_s

    async def stop(self, seconds: float) -> None:
        """Stop the process alone and let it go on after a while: what fell due is overdue then."""
        self.told(f"life {self.number} is stopped")
        the_loop().hold(self.process)
        await asyncio.sleep(seconds)
        self.wake()

    async def sleep(self, seconds: float) -> None:
        """Suspend its machine for a while, without its monotonic clock; the sockets are dead."""
        self.told(f"the machine of life {self.number} sleeps")
        the_loop().hold(self.process)
        await asyncio.sleep(seconds)
        if not self.is_dead:
            for close in self.hang_up:
                close()
        self.wake(seconds)

    def wake(self, slept_s: float = 0.0) -> None:
        """Let it go on."""
        if self.is_stopped:
            self.told(f"life {self.number} goes on")
            the_loop().release(self.process, slept_s)

    def tear_down(self) -> None:
        """The simulation is over: whatever is left of it may end."""
        self.is_torn_down = self.is_dead = True
        the_loop().release(self.process)


class GatedStore:
    """A store whose every call passes the gates of a life, and may find the disk full."""

    WRITES = frozenset({"append", "add_order", "note", "take_lease", "put_snapshot"})

    def __init__(self, store: Any, life: Life) -> None:
        self._store = store
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *args, **named: self._call(name, found, args, named)

    async def _call(self, name: str, call: Any, args: Any, named: Any) -> Any:
        await self._life.gate(f"store.{name}", "before")
        if self._life.disk_full and name in self.WRITES:
            self._life.refused_writes += 1
            raise StoreError("database or disk is full")
        if name == "take_lease":
            self._life.holder = args[0]
        answer = await call(*args, **named)
        if name == "take_lease":
            self._life.leases.told(answer)
        await self._life.gate(f"store.{name}", "after")
        return answer
