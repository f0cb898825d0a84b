"""Who trades: the holder of the store's lease, and only while it is surely ours.

The lease runs by the machine's clock, which may be set. So whoever waits counts for itself how long
the lease has stood unchanged, and whether to send is asked of a clock that cannot be set and goes
on while the machine sleeps.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from kalshi_edge.clock import Clock, SystemClock, awake_or_asleep_s
from kalshi_edge.domain.records import Lease
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
    now_s: Callable[[], float] = awake_or_asleep_s
    lasts: timedelta = LASTS
    trouble: str = ""
    """Why it could not be renewed when that was last tried; empty where it could."""
    _ours_until_s: float = float("-inf")
    _last_seen: Lease | None = None
    """Another's lease, as the store last told it."""
    _unchanged_since_s: float = 0.0

    @asynccontextmanager
    async def held(self, told: Callable[[str], None] = lambda _: None) -> AsyncIterator[None]:
        """The lease, waited for, renewed from the instant that it is ours, and given up at the end.

        ``told`` hears once whom we wait for. Where another process takes it, whatever goes on in
        the block is cancelled and the block raises ``Fenced``.
        """
        try:
            await self.begin(told)
            try:
                async with asyncio.TaskGroup() as group:
                    keeping = group.create_task(self._keep())
                    yield
                    keeping.cancel()
            except BaseExceptionGroup as errors:
                if len(errors.exceptions) > 1:
                    raise
                raise errors.exceptions[0] from errors.exceptions[0].__cause__
        finally:
            await self.end()

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

    async def _keep(self) -> None:
        """Renew it for ever; raises ``Fenced`` where that is over."""
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            try:
                await self.renew()
            except Fenced:
                raise
            except StoreError as error:
                self.trouble = str(error)
            else:
                self.trouble = ""

    async def _asked(self) -> str:
        # Counted from before the question: the answer may have been long under way.
        asked_s = self.now_s()
        lease = await self.store.take_lease(
            self.holder, self.clock.now(), self.lasts, abandoned=self._abandoned(asked_s)
        )
        if lease.holder == self.holder:
            self._ours_until_s = asked_s + self.lasts.total_seconds()
        elif lease != self._last_seen:
            # Counted from after the answer, so that nobody's lease is taken a moment too early.
            self._last_seen, self._unchanged_since_s = lease, self.now_s()
        return lease.holder

    def _abandoned(self, now_s: float) -> Lease | None:
        """Another's lease, once it has stood unchanged for as long as it lasts.

        Its holder would have renewed it; what its clock wrote into it says nothing.
        """
        is_old = now_s - self._unchanged_since_s >= self.lasts.total_seconds()
        return self._last_seen if is_old else None
