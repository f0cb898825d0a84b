"""Reading the journal takes longer than the lease lasts, and another process waits for the lease.

A process that is starting keeps its lease all the same. Else two that both start take it from each
other for ever, each shut out at its first write. Time is virtual.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx

from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.verdicts import CashFlow
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import Environment, Transport
from tests.cases.account_stories import EVE, D
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop

READING_S = 45
ANOTHER = "another container"


class LongStore(SqliteStore):
    """Takes its time to say where the journal ends."""

    async def last_seq(self) -> int:
        for _ in range(READING_S):
            await asyncio.sleep(1)
        return await super().last_seq()


async def story(path: Path) -> None:
    loop = asyncio.get_running_loop()
    clock = VirtualClock(EVE, loop)
    nothing = httpx.MockTransport(lambda _: httpx.Response(503))
    environment = Environment(
        "paper",
        Host("http://127.0.0.1:9", "ws://127.0.0.1:9"),
        clock,
        WeatherAddresses.under("http://127.0.0.1:1"),
        "test",
        transport=Transport(exchange=nothing, weather=nothing, machine=clock, now_s=loop.time),
    )
    settings = Settings()
    async with (
        LongStore(path, "paper") as store,
        SqliteStore(path, "paper") as elsewhere,
        open_trader(settings, environment, store, ()),
    ):
        assert clock.now() > EVE + timedelta(seconds=READING_S - 1)
        lease = await elsewhere.take_lease(ANOTHER, clock.now(), timedelta(seconds=30))
        assert lease.holder != ANOTHER
        await store.append(JournalEntry(1, EVE, (), (CashFlow(D(0), "nothing", EVE),)))


def test_a_process_that_is_starting_keeps_its_lease(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story(tmp_path / "paper.db"))
