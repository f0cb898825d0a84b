"""Every source of a running paper trader fails in every way, in virtual time.

It says so, degrades as docs/reference/feeds.md tells, buys on nothing stale, and recovers by
itself. The
offices, the exchange's edges, sources, engine, executor and store are the real ones; made up are
time and the network.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from kalshi_edge.clock import WorldClock
from kalshi_edge.config import Settings
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.records import Cause
from kalshi_edge.domain.verdicts import Approved, Refused
from kalshi_edge.runtime.bootstrap import open_trader
from kalshi_edge.runtime.environment import Environment, Transport
from kalshi_edge.runtime.trader import Trader
from kalshi_sandbox.exchange.control import faults as exchange_faults
from kalshi_sandbox.exchange.control.faults import FaultKind as VenueFault
from kalshi_sandbox.exchange.rest.app import ConnectionCut
from kalshi_sandbox.exchange.venue.exchange import Exchange, new_exchange
from kalshi_sandbox.exchange.venue.weather_adapter import WorldNature
from kalshi_sandbox.server import Sandbox, sandbox_of
from kalshi_sandbox.weather.faults import Fault, FaultKind, Faults, Product
from kalshi_sandbox.weather.product_feed import Newsroom
from kalshi_sandbox.world.world import World
from tests.simulation.simulation import HABITS, HOST
from tests.simulation.virtual_loop import VirtualClock, VirtualLoop
from tests.simulation.wire import answer_of

START = datetime(2027, 4, 12, 12, 40, tzinfo=UTC)
WELL = {PollOutcome.NEW, PollOutcome.UNCHANGED}


class Network(httpx.AsyncBaseTransport):
    """Requests to the sandbox's application, with what a real connection does to a bad answer."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, or what a client sees instead of it."""
        silence_s = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(silence_s):
                status, headers, body = await answer_of(self._sandbox, request)
        except ConnectionCut as cut:
            raise httpx.ReadError(str(cut), request=request) from cut
        except TimeoutError as error:
            raise httpx.ReadTimeout("silence", request=request) from error
        announced = dict(headers).get(b"content-length")
        is_whole = announced is None or int(announced) == len(body) or request.method == "HEAD"
        stream = httpx.ByteStream(body) if is_whole else _Broken(body)
        return httpx.Response(status, headers=headers, stream=stream, request=request)


class _Broken(httpx.AsyncByteStream):
    """Less than was announced: the connection ends."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body
        raise httpx.RemoteProtocolError("the connection ended before the answer did")


@dataclass
class Watcher:
    """Sees every purchase with what it rested on: no book and no run may have been too old."""

    trader: Trader | None = None
    bought: int = 0
    too_old: int = 0
    """Opportunities refused for a run's age."""
    wrong: list[str] = field(default_factory=list)

    def publish(self, entry: JournalEntry) -> None:
        """Look at one line of the journal."""
        assert self.trader is not None
        state, at = self.trader.engine.state, entry.received_at
        for verdict in entry.verdicts:
            if isinstance(verdict, Refused):
                failed = {check.rule for check in verdict.checks if not check.passed}
                self.too_old += "forecast_age" in failed
            for intent in verdict.intents if isinstance(verdict, Approved) else ():
                if intent.reduces:
                    continue
                self.bought += 1
                station = station_of(intent.city)
                forecast = state.best_forecast(station, intent.climate_day)
                assert forecast is not None
                book = state.books[intent.ticker]
                if at - forecast.run_at > timedelta(hours=14):
                    self.wrong.append(f"{at}: a run of {forecast.run_at}")
                if at - book.received_at > timedelta(minutes=5):
                    self.wrong.append(f"{at}: a book of {book.received_at}")


@dataclass
class TraderHarness:
    """A paper trader in its world, and how to spoil that."""

    trader: Trader
    weather: Faults
    exchange: Exchange
    watcher: Watcher
    clock: VirtualClock

    def status(self, name: str) -> SourceStatus:
        """How the trader says a source is."""
        return next(one for one in self.trader.sources if one.name == name)

    async def until(
        self, name: str, holds: Callable[[SourceStatus], bool], within: timedelta
    ) -> SourceStatus:
        """The source's status, once ``holds``."""
        end_at = self.clock.now() + within
        while self.clock.now() < end_at:
            if holds(status := self.status(name)):
                return status
            await asyncio.sleep(20)
        raise AssertionError(f"{name} is {self.status(name)} after {within}")


@asynccontextmanager
async def trader_harness(folder: Path, *cities: str) -> AsyncIterator[TraderHarness]:
    """A paper trader of New York, or of ``cities``, whose store is in ``folder``."""
    cities = cities or ("NYC",)
    loop = asyncio.get_running_loop()
    clock = VirtualClock(START, loop)
    weather, world = Faults(), World(1)
    exchange = new_exchange(
        WorldNature(world, Newsroom(world, weather)),
        [station_of(city) for city in cities],
        START - timedelta(minutes=30),
        seed=1,
        habits=HABITS,
    )
    exchange.venue.advance(START)
    sandbox = sandbox_of(exchange, world, weather, WorldClock(START, speed=1.0, real=clock), clock)
    settings = Settings(trading_mode="paper", cities=cities, store_path=folder / "paper.db")
    environment = Environment(
        mode="paper",
        host=HOST,
        clock=clock,
        addresses=WeatherAddresses.under("http://127.0.0.1:1"),
        user_agent="test of sources, nobody@example.org",
        transport=Transport(
            exchange=Network(sandbox),
            weather=Network(sandbox),
            jitter=Random(1).random,
            machine=clock,
            now_s=loop.time,
        ),
        is_synthetic=True,
    )
    watcher = Watcher()
    async with (
        SqliteStore(":memory:", "paper") as store,
        open_trader(settings, environment, store, (watcher,)) as trader,
    ):
        watcher.trader = trader
        tasks = [asyncio.create_task(trader.run()), asyncio.create_task(_kept(exchange, clock))]
        try:
            yield TraderHarness(trader, weather, exchange, watcher, clock)
            assert not tasks[0].done(), tasks[0].exception()
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
    assert watcher.wrong == []


async def _kept(exchange: Exchange, clock: VirtualClock) -> None:
    while True:
        await asyncio.sleep(1)
        exchange.venue.advance(clock.now())


def virtually(story: Any) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)


SOURCES = {
    "NBP": Product.NBP,
    "NBS": Product.NBS,
    "NWS forecast": Product.FORECAST,
    "observations": Product.METAR,
    "climate reports": Product.CLI,
    "daily summaries": Product.DSM,
}
KINDS = {
    FaultKind.DOWN: None,
    FaultKind.SLOW: 400.0,
    FaultKind.TRUNCATED: 0.3,
    FaultKind.MALFORMED: None,
    FaultKind.WRONG_LENGTH: 100.0,
    FaultKind.LATE: 720.0,
}
"""What goes wrong, and how much: seconds, share kept, bytes, minutes."""
NOTHING_LOST = {
    # What is whole counts: New York's block, or the newest readings, stand before the break.
    ("NBP", FaultKind.TRUNCATED),
    ("NBS", FaultKind.TRUNCATED),
    ("observations", FaultKind.TRUNCATED),
    # The day's last run is there already, and nothing is asked for.
    ("NBS", FaultKind.WRONG_LENGTH),
    # Another office has the reading; a report is waited for until it is overdue.
    ("observations", FaultKind.LATE),
    ("climate reports", FaultKind.LATE),
    ("daily summaries", FaultKind.LATE),
}
CASES = [(name, kind) for name in SOURCES for kind in KINDS if (name, kind) not in NOTHING_LOST]
LONGEST = timedelta(hours=14)
"""Until a fault shows: a source that has everything asks for nothing."""


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_weather_source_says_what_is_wrong_and_recovers(
    name: str, kind: FaultKind, tmp_path: Path
) -> None:
    async def story() -> None:
        async with trader_harness(tmp_path) as at:
            await at.until(name, lambda now: now.outcome in WELL, timedelta(hours=1))
            began_at = at.clock.now()
            at.weather.add(Fault(SOURCES[name], kind, None, KINDS[kind]))

            def is_told(now: SourceStatus) -> bool:
                is_new = now.error_at is not None and now.error_at >= began_at
                return (is_new and bool(now.error)) or now.outcome not in WELL or now.is_stale

            await at.until(name, is_told, LONGEST)
            at.weather.clear()
            lifted_at = at.clock.now()
            await at.until(
                name,
                lambda now: (
                    now.outcome in WELL
                    and not now.is_stale
                    and now.succeeded_at is not None
                    and now.succeeded_at >= lifted_at
                ),
                timedelta(hours=3),
            )

    virtually(story())


@pytest.mark.parametrize(
    "kind",
    [VenueFault.REFUSE, VenueFault.DROP_BEFORE, VenueFault.DROP_AFTER, VenueFault.HANG],
)
def test_an_exchange_that_does_not_answer_is_told_of_and_nothing_is_bought(
    kind: VenueFault, tmp_path: Path
) -> None:
    async def story() -> None:
        async with trader_harness(tmp_path) as at:
            await at.until("markets", lambda now: now.outcome in WELL, timedelta(hours=1))
            fault = at.exchange.faults.add(
                exchange_faults.Fault(kind, times=None, method="GET", status=503)
            )
            status = await at.until(
                "markets", lambda now: now.outcome not in WELL, timedelta(hours=1)
            )
            assert status.error
            await asyncio.sleep(6 * 60)  # by then every book is too old
            before = at.watcher.bought
            await asyncio.sleep(3 * 3600)
            assert at.watcher.bought == before
            at.exchange.faults.lift(fault.fault_id)
            await at.until("markets", lambda now: now.outcome in WELL, timedelta(minutes=30))
            await asyncio.sleep(35 * 60)  # a cycle lifts it
            switch = await at.trader.store.switch(at.clock.now())
            assert switch.hold(Cause.STALE_DATA, at.clock.now()) is None

    virtually(story())


def test_on_runs_that_are_too_old_nothing_is_bought_until_there_are_new_ones(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with trader_harness(tmp_path, "NYC", "MIA") as at:
            await asyncio.sleep(2.5 * 3600)
            assert at.watcher.bought > 0
            for product in (Product.NBP, Product.NBS):
                at.weather.add(Fault(product, FaultKind.DOWN))
            await asyncio.sleep(13 * 3600)
            before, refused = at.watcher.bought, at.watcher.too_old
            await asyncio.sleep(8 * 3600)
            assert at.watcher.bought == before
            assert at.watcher.too_old > refused
            at.weather.clear()
            await at.until(
                "NBP", lambda now: now.outcome in WELL and not now.is_stale, timedelta(hours=3)
            )
            refused = at.watcher.too_old
            await asyncio.sleep(2 * 3600)
            assert at.watcher.too_old == refused

    virtually(story())
