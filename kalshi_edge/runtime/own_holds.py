"""What the running program itself holds new risk back for: its clock, lease and order group."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.order_group import OrderGroup
from kalshi_edge.domain.events import Halt, Resume
from kalshi_edge.domain.records import Cause
from kalshi_edge.engine import Engine
from kalshi_edge.errors import ExchangeError
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.lease import LeaseHolder

LOOK_EVERY_S = 2.0
GROUP_RESTS_S = 300.0
GROUP_RESETS = 3
"""In a day; after that a person resumes."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class OwnHold:
    """A hold of one cause, put there and lifted by the program itself."""

    cause: Cause
    engine: Engine
    inbox: EventQueue
    clock: Clock

    @property
    def is_held(self) -> bool:
        """Whether it is in force; a drill's is another."""
        now = self.clock.now()
        return self.engine.kill_switch.switch_at(now).hold(self.cause, now) is not None

    async def hold(self, reason: str) -> None:
        """Hold new risk back, and wait until that is so."""
        self.inbox.put(Halt(reason, self.clock.now(), cause=self.cause))
        await self.inbox.handled()

    async def lift(self, reason: str) -> None:
        """Lift it again."""
        # Its own has no name: a drill's stays.
        self.inbox.put(Resume(reason, self.clock.now(), cause=self.cause, name=""))
        await self.inbox.handled()


async def mind_the_clock(hold: OwnHold, lead: timedelta) -> None:
    """Hold while our clock is ``lead`` ahead of the exchange's: every age may be wrong."""
    if lead and not hold.is_held:
        off = f"{lead.total_seconds():+.0f} s off the exchange's: set it by NTP"
        await hold.hold(f"this machine's clock is {off}")
    elif hold.is_held and not lead:
        await hold.lift("the clock is right")


async def mind_the_lease(lease: LeaseHolder, hold: OwnHold) -> None:
    """Hold while the lease, which is renewed elsewhere, cannot be kept, for ever."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if lease.trouble and lease.objection() and not hold.is_held:
            await hold.hold(f"the lease cannot be kept: {lease.trouble}")
        elif hold.is_held and not lease.trouble and not lease.objection():
            await hold.lift("the lease is ours")


async def follow_group(group: OrderGroup, hold: OwnHold) -> None:
    """Hold while the order group is triggered, and reset it by the rule, for ever.

    It is reset ``GROUP_RESTS_S`` after it was triggered, ``GROUP_RESETS`` times in a day, and
    whenever a person has lifted the hold.
    """
    now_s = asyncio.get_running_loop().time
    resets, held_s = list[float](), now_s()
    # A hold that an earlier life left: whether its group still is triggered nobody says.
    was_held = hold.is_held
    group.is_triggered = group.is_triggered or was_held
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if not group.is_triggered:
            was_held = False
            continue
        resets = [one for one in resets if now_s() - one < DAY_S]
        is_out_of_resets = len(resets) >= GROUP_RESETS
        if not was_held:
            await hold.hold(_reason(is_out_of_resets=is_out_of_resets))
            was_held, held_s = True, now_s()
        elif not hold.is_held or (not is_out_of_resets and now_s() - held_s >= GROUP_RESTS_S):
            try:
                await group.reset()
            except ExchangeError:
                continue  # tried again at the next look
            resets.append(now_s())
            if hold.is_held:
                await hold.lift("the order group was reset")


def _reason(*, is_out_of_resets: bool) -> str:
    rule = (
        f"it was reset {GROUP_RESETS} times today already: resume by hand"
        if is_out_of_resets
        else f"it is reset in {GROUP_RESTS_S / 60:.0f} min"
    )
    return f"the exchange's order group is triggered, too many contracts within 15 s; {rule}"
