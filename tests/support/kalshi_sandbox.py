"""The sandbox's exchange on a loopback port, and our client before it, for tests.

World time stands still unless it is moved; nobody trades but the test.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kalshi_edge.clock import Clock, SystemClock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.feed import KalshiFeed
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.kalshi.transport import Host
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.events import Event, OrderUpdate
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Fill, OrderStep, Side, TimeInForce
from kalshi_edge.token_bucket import Rate
from kalshi_sandbox.exchange.control.faults import Fault
from kalshi_sandbox.exchange.venue.accounts import Account, NewOrder
from kalshi_sandbox.server import Plan, Sandbox, new_sandbox, server
from tests.support.builders import NOW
from tests.support.patience import PATIENCE_S
from tests.support.patient_time import LoopClock

NYC = station_of("NYC")


@dataclass
class Member:
    """A member of the sandbox's exchange with everything that our side is made of."""

    sandbox: Sandbox
    host: Host
    key: ApiKey
    account: AccountClient
    public: PublicClient
    exchange: KalshiExchange
    ladder: Ladder
    house: Account
    heard: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    fill_ids: set[str] = field(default_factory=set)

    @property
    def ticker(self) -> str:
        """A market of today's ladder."""
        return self.ladder.markets[2].ticker

    def stream(self) -> KalshiStream:
        return KalshiStream(
            self.host,
            self.key,
            self.sandbox.clock,
            lambda: 0.0,
            series=["KXHIGHNY"],
            names=self.account.names,
        )

    def offer(self, side: Side, price: str, count: Any, ticker: str | None = None, **kind: Any):
        """Somebody else's order, in the book at once."""
        new = NewOrder(ticker or self.ticker, side, Decimal(price), Decimal(count), **kind)
        return self.sandbox.exchange.desk.place(self.house, new)

    def take(self, side: Side, price: str, count: Any) -> None:
        """Somebody else takes what is there, and leaves nothing."""
        self.offer(side, price, count, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)

    def strike(self, kind: Any, **fault: Any) -> None:
        """Something is going to go wrong."""
        self.sandbox.exchange.faults.add(Fault(kind, **fault))

    def advance(self, by: timedelta) -> None:
        """Let world time pass."""
        self.sandbox.clock.step(by)
        self.sandbox.exchange.venue.advance(self.sandbox.clock.now())

    @asynccontextmanager
    async def listening(self, stream: KalshiStream) -> AsyncIterator[None]:
        """Put what the feed says into ``heard`` meanwhile."""
        feed = KalshiFeed(stream, self.account, self.public, known_until=self.sandbox.clock.now())

        async def listen() -> None:
            async for event in feed:
                self.heard.put_nowait(event)

        task = asyncio.create_task(listen())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def hear(self, *kinds: type, timeout_s: float = PATIENCE_S) -> list[Any]:
        """The next event of each of ``kinds`` in turn; others, and fills heard before, are passed
        over.
        """
        found: list[Any] = []
        async with asyncio.timeout(timeout_s):
            while len(found) < len(kinds):
                event = await self.heard.get()
                if isinstance(event, Fill) and event.fill_id in self.fill_ids:
                    continue
                if isinstance(event, kinds[len(found)]):
                    found.append(event)
                if isinstance(event, Fill):
                    self.fill_ids.add(event.fill_id)
        return found

    async def hear_of(self, step: OrderStep) -> OrderUpdate:
        """The next news of an order that is ``step``."""
        while True:
            [update] = await self.hear(OrderUpdate)
            if update.step is step:
                return update


@asynccontextmanager
async def member(balance: str = "1000", **plan: Any) -> AsyncIterator[Member]:
    """A running sandbox with New York's ladders, and a member with ``balance`` dollars."""
    usual = {"cities": ("NYC",), "start_at": NOW, "speed": 0.0, "habits": None}
    wall = LoopClock(SystemClock().now())
    sandbox = new_sandbox(Plan(**usual | plan), wall)
    running = server(sandbox, port=0)
    serving = asyncio.create_task(running.serve())
    try:
        while not running.started:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        port = running.servers[0].sockets[0].getsockname()[1]
        async with _joined(sandbox, wall, port, balance) as found:
            yield found
    finally:
        running.should_exit = True
        await serving


@asynccontextmanager
async def _joined(sandbox: Sandbox, wall: Clock, port: int, balance: str) -> AsyncIterator[Member]:
    host = Host(f"http://127.0.0.1:{port}/trade-api/v2", f"ws://127.0.0.1:{port}/trade-api/ws/v2")
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    credential = sandbox.exchange.enroll("us", pem, Decimal(balance), tier="prestige")
    key = ApiKey(credential.key_id, private, wall)
    clock = sandbox.clock
    account = AccountClient(host, key, clock, lambda: 0.0)
    public = PublicClient(host, clock, lambda: 0.0, machine=key.clock, rate=Rate(1e6, 1e6))
    exchange = KalshiExchange(account, public, clock, looks_s=(0.0, 0.01, 0.02))
    await account.learn_limits()
    reading = await public.ladders([NYC])
    today = min(reading.found, key=lambda ladder: ladder.climate_day)
    house = sandbox.exchange.venue.open_account("house", Decimal(1_000_000), is_house=True)
    try:
        yield Member(sandbox, host, key, account, public, exchange, today, house)
    finally:
        await account.aclose()
        await public.aclose()
