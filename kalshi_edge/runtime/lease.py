"""Who trades: the holder of the store's lease, and only while it is surely ours.

The lease runs by the machine's clock; whether to send is asked of a monotonic one, which no jump
of the wall clock and no pause of this process can fool.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.errors import Fenced, StoreError
from kalshi_edge.ports import Store

LASTS = timedelta(seconds=30)
RENEWED_EVERY_S = 5.0
MARGIN_S = 10.0
"""Nothing is sent with less of the lease left: more than a request takes to arrive."""
ASKED_AGAIN_S = 1.0


def process_name() -> str:
    """A name that no other process has, on whatever machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class LeaseHolder:
    """One process's claim on a store's lease."""

    store: Store
    holder: str = field(default_factory=process_name)
    clock: Clock = field(default_factory=SystemClock)
    """The machine's: a world's own time is no lease's."""
    now_s: Callable[[], float] = time.monotonic
    lasts: timedelta = LASTS
    _ours_until_s: float = float("-inf")

    async def begin(self, told: Callable[[str], None] = lambda _: None) -> None:
        """Wait until the lease is ours; ``told`` hears once whom we wait for."""
        waits = False
        while (holder := await self._asked()) != self.holder:
            if not waits:
                told(f"{holder} trades with this store; waiting to take over")
            waits = True
            await asyncio.sleep(ASKED_AGAIN_S)

    async def renew(self) -> None:
        """Prolong the lease, once.

        Raises ``Fenced`` where another process has taken it, and ``StoreError`` where the store
        cannot say.
        """
        holder = await self._asked()
        if holder != self.holder:
            raise Fenced(f"{holder} trades with this store now")

    def objection(self) -> str:
        """Why nothing may be sent now; empty while the lease is surely ours."""
        left_s = self._ours_until_s - self.now_s()
        if left_s >= MARGIN_S:
            return ""
        return f"the lease has {max(left_s, 0.0):.0f} s left, under {MARGIN_S:.0f} s"

    async def end(self) -> None:
        """Give the lease up, so that the next process need not wait."""
        self._ours_until_s = float("-inf")
        try:
            await self.store.drop_lease(self.holder)
        except StoreError:
            return  # it runs out by itself

    async def _asked(self) -> str:
        # Counted from before the question: the answer may have been long under way.
        asked_s = self.now_s()
        lease = await self.store.take_lease(self.holder, self.clock.now(), self.lasts)
        if lease.holder == self.holder:
            self._ours_until_s = asked_s + self.lasts.total_seconds()
        return lease.holder
