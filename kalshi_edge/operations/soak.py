"""A week of paper trading in a SYNTHETIC world, at speed, over real sockets; then recounted.

The world slows down while the trader is at work, so that nothing is missed for want of a faster
machine. What it earns is made up: its cash is shown to be compared, not as a result.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from kalshi_edge.clock import WorldClock
from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.rate_limits import PUBLIC_RATE
from kalshi_edge.db.open_store import open_store
from kalshi_edge.operations.replay import replay_recording, replay_store
from kalshi_edge.runtime.audit import Stretch, recount
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.sandbox_process import (
    ANSWERS_WITHIN_S,
    RunningSandbox,
    running_sandbox,
)
from kalshi_edge.runtime.schedule import Job
from kalshi_edge.runtime.trader import Trader
from kalshi_edge.token_bucket import Rate

WORKING_SPEED = 120.0
"""World seconds a second while a cycle is under way, and until the first bulletin is here."""
LOOK_EVERY_S = 0.02

Watch = Callable[[datetime], None]


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """What is to be lived through."""

    days: float = 7
    seed: int = 1
    start_at: datetime = field(default_factory=lambda: datetime.fromisoformat("2027-04-12T13:10Z"))
    top_speed: float = 3600.0
    """World seconds a second between cycles."""


async def run_soak(week: SoakPlan, settings: Settings, watch: Watch) -> Stretch:
    """Live through ``week`` in paper mode and recount it; ``watch`` is told the time."""
    plan = ("--seed", str(week.seed), "--speed", str(WORKING_SPEED))
    start = ("--start", f"{week.start_at:%Y-%m-%dT%H:%M}")
    with TemporaryDirectory(prefix="kalshi-edge-week-") as folder:
        paths = {"store_path": Path(folder) / "week.db", "record_dir": Path(folder) / "recording"}
        settings = settings.model_copy(update=paths)
        async with running_sandbox((*plan, *start)) as sandbox:
            stretch = await _lived(week, settings, sandbox, watch)
        # The recording is whole only now that its trader has ended.
        again = await asyncio.to_thread(
            lambda: list(replay_recording(paths["record_dir"], paths["store_path"]))
        )
        return replace(
            stretch,
            recorded=len(again),
            recorded_otherwise=sum(difference is not None for difference in again),
        )


async def _lived(
    week: SoakPlan, settings: Settings, sandbox: RunningSandbox, watch: Watch
) -> Stretch:
    environment, began_s = await environment_of(settings, sandbox), time.monotonic()
    # As many questions in a second of the world's as a real trader has in a real one.
    rate = Rate(PUBLIC_RATE.refill_per_s * week.top_speed, PUBLIC_RATE.capacity * week.top_speed)
    environment = replace(environment, transport=replace(environment.transport, rate=rate))
    async with (
        open_store(settings, environment.store_mode) as store,
        open_trader(settings, environment, store, ()) as trader,
    ):
        pace = Pace(sandbox, trader, week.top_speed)
        running = asyncio.create_task(trader.run())
        end_at = week.start_at + timedelta(days=week.days)
        memory_mb = await pace.keep(end_at, running, watch)
        ended_at = trader.clock.now()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        lines, real_s = await store.journal(), time.monotonic() - began_s
        assert trader.simulated is not None  # paper mode
        differences = await asyncio.to_thread(lambda: list(replay_store(settings.store_path)))
        return Stretch(
            recount=recount(lines, settings.starting_balance, ended_at),
            counts=trader.timetable.counts,
            cash=trader.engine.account.tracker.cash,
            simulated_cash=trader.simulated.ledger.cash,
            cities=settings.cities,
            replayed=len(differences),
            differences=sum(difference is not None for difference in differences),
            memory_mb=memory_mb,
            real_s=real_s,
        )


@dataclass(slots=True)
class Pace:
    """Lets the world race from cycle to cycle, and slows it down while its trader is at work."""

    sandbox: RunningSandbox
    trader: Trader
    top_speed: float

    async def keep(
        self, end_at: datetime, running: asyncio.Task[None], watch: Watch
    ) -> tuple[float, ...]:
        """Until ``end_at`` or the end of a cycle then; the process's memory each midnight, MB."""
        clock, memory_mb, day = self.trader.clock, [], self.trader.clock.now().date()
        async with httpx.AsyncClient(timeout=ANSWERS_WITHIN_S) as http:
            while clock.now() < end_at or self._is_at_work():
                await asyncio.sleep(LOOK_EVERY_S)
                if running.done():
                    running.result()
                if not self._is_at_work():
                    await self._step(http)
                watch(now := clock.now())
                if now.date() > day:
                    day = now.date()
                    memory_mb.append(memory_now_mb())
        return (*memory_mb, memory_now_mb())

    def _is_at_work(self) -> bool:
        """Whether a cycle is due or under way, or there is nothing yet to decide by."""
        cycle = self.trader.timetable.counts[Job.CYCLE]
        if cycle.begun_at is not None or cycle.next_at is None:
            return True
        has_begun = any(source.name == "NBP" and source.cycle for source in self.trader.sources)
        return not has_begun or self.trader.clock.now() >= cycle.next_at

    async def _step(self, http: httpx.AsyncClient) -> None:
        """Move the world and the trader's clock on together, not beyond the next cycle.

        By steps, because a machine that halts for a while then halts the world as well.
        """
        clock, next_at = self.trader.clock, self.trader.timetable.counts[Job.CYCLE].next_at
        assert isinstance(clock, WorldClock)  # what a sandbox gives
        assert next_at is not None  # or it were at work
        step = min(timedelta(seconds=self.top_speed * LOOK_EVERY_S), next_at - clock.now())
        body = {"advance_s": max(step.total_seconds(), 0.0)}
        answer = await http.post(f"{self.sandbox.base}/control/clock", json=body)
        theirs = datetime.fromisoformat(answer.raise_for_status().json()["now"])
        clock.step(max(theirs - clock.now(), timedelta()))


def memory_now_mb() -> float:
    """What the process holds of the machine's memory, MB; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
