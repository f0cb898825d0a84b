"""A paper trader whose events are given by hand, and its API on a real socket of this machine.

Loop, engine, executor, simulated exchange and store are the real ones; what is missing is only who
would ask the world: the events come from the test.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.middleware import Policy
from kalshi_edge.api.rate_limits import Rates
from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.server import Address, Api, bound
from kalshi_edge.clock import ManualClock
from kalshi_edge.config import load_settings
from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.records import Trade
from kalshi_edge.engine import Setup
from kalshi_edge.execution.executor import Executor
from kalshi_edge.ports import Store
from kalshi_edge.runner import run, start
from kalshi_edge.runtime.bootstrap import _simulated
from kalshi_edge.runtime.lease import LeaseHolder
from kalshi_edge.runtime.resumption import resumed_engine
from kalshi_edge.runtime.schedule import Timetable
from kalshi_edge.runtime.trader import Poll, Trader
from kalshi_edge.token_bucket import Rate
from tests.support.builders import EVENT, book, forecast, ladder
from tests.support.patience import PATIENCE_S

EVE = datetime(2026, 11, 21, 20, tzinfo=UTC)
TICKER = f"{EVENT}-B54.5"
KEY = "a-key-for-tests-only"
PLENTY = Rates(Rate(100_000, 100_000), Rate(100_000, 100_000), Rate(100_000, 100_000))
KEYED = Policy(KEY, ("http://localhost:3000",), PLENTY)
KEYLESS = Policy("", ("http://localhost:3000",), PLENTY)


@dataclass(frozen=True, slots=True)
class ApiHarness:
    """A trader that runs, its API, and how to reach it."""

    trader: Trader
    api: Api
    http: httpx.AsyncClient
    port: int

    async def tell(self, *events: Event) -> None:
        """Give the loop ``events`` and wait until all that follows is done."""
        self.trader.inbox.put(*events)
        await self.trader.inbox.handled()

    async def buys(self) -> Trade:
        """Let it see a cheap offer and buy; the trade that came of it."""
        known = {10: 51.4368, 50: 54.0, 90: 56.5632}
        await self.tell(
            ladder(received_at=EVE),
            forecast(known, run_at=EVE, received_at=EVE),
            book(TICKER, [("0.23", 500)], [("0.25", 100)], EVE),
            CycleDue(EVE),
            # The simulated fill is told before the next event.
            book(TICKER, [("0.23", 500)], [("0.25", 100)], EVE),
        )
        (trade,) = self.trader.engine.account.tracker.open_trades()
        return trade


@asynccontextmanager
async def desk(
    policy: Policy = KEYED,
    store: Store | None = None,
    mode: str = "paper",
    *,
    instant_fill: bool = False,
    setup_mode: str = "paper",
    control: Path | None = None,
) -> AsyncIterator[ApiHarness]:
    """A desk with nothing on it but what ``store`` remembers.

    ``setup_mode`` is whose its records are, on the simulated exchange all the same; ``control`` is
    the folder of its control socket, if it has one.
    """
    loop_store = SqliteStore(":memory:", mode=setup_mode) if store is None else store
    settings = load_settings(cities=("NYC",))
    setup = Setup(
        setup_mode,
        (station_of("NYC"),),
        ("NBP",),
        settings.starting_balance,
        settings.playbook,
    )
    clock, read_model = ManualClock(EVE), ReadModel()
    engine = await resumed_engine(setup, loop_store)
    nowhere = Host("http://127.0.0.1:9", "ws://127.0.0.1:9")
    public = PublicClient(nowhere, clock, lambda: 0.5)
    simulated = _simulated(engine, instant_fill=instant_fill)
    trader = Trader(
        engine=engine,
        executor=Executor(simulated, loop_store),
        store=loop_store,
        clock=clock,
        markets=MarketSource(public, setup.stations, clock),
        reports=Poll(_nothing, clock.now() - clock.now()),
        polls=(),
        publishers=(read_model,),
        timetable=Timetable(clock),
        lease_holder=LeaseHolder(loop_store),
        simulated=simulated,
    )
    await read_model.read(loop_store)
    last_seq = await loop_store.last_seq()
    trader.inbox.put(await start(loop_store, clock.now()))
    looping = asyncio.create_task(
        run(
            simulated.watch(trader.inbox),
            engine,
            trader.executor,
            loop_store,
            (read_model,),
            last_seq=last_seq,
        )
    )
    context = ApiContext(trader, read_model, mode, is_synthetic=True, has_key=bool(policy.api_key))
    try:
        async with served(context, policy, control) as (api, port), client(port, policy) as http:
            yield ApiHarness(trader, api, http, port)
    finally:
        trader.inbox.close()
        await looping
        await public.aclose()
        if store is None:
            await loop_store.close()


@asynccontextmanager
async def served(
    context: ApiContext, policy: Policy, control: Path | None = None
) -> AsyncIterator[tuple[Api, int]]:
    """The API of a trader on a free port, and its control socket in the folder ``control``."""
    with bound(Address("127.0.0.1", 0)) as listener:
        api = Api(context, policy, len)
        serving = asyncio.create_task(api.serve(listener, control))
        try:
            yield api, listener.getsockname()[1]
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def client(port: int, policy: Policy = KEYED, **more: Any) -> httpx.AsyncClient:
    """A client of the API on ``port``, with its key."""
    headers = {"X-API-Key": policy.api_key} if policy.api_key else {}
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE_S, **more
    )


async def _nothing() -> list[Event]:
    return []
