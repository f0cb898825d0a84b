"""From a quote's frame to the order's last byte on the wire, over loopback into the sandbox.

The sandbox, its prices and its seller are SYNTHETIC; it runs in a process of its own. Every quote
meets an engine that holds nothing yet, so that each makes an order of the same kind: else the
first purchase would forbid the second. Baseline is an order that is only signed, sent and answered.
"""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx
from numpy import quantile
from websockets.asyncio.client import ClientConnection, connect

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.statement_source import StatementSource
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.feed import KalshiFeed
from kalshi_edge.data.kalshi.order_wire import order_body
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.stream import KalshiStream
from kalshi_edge.data.kalshi.transport import ErrorBody
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import CycleDue, Event, Halt
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Intent, Order, OrderState, Side, TimeInForce
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.errors import ExchangeDown
from kalshi_edge.execution.executor import Executor
from kalshi_edge.portfolio.reconciliation import differences
from kalshi_edge.runner import run
from kalshi_edge.runtime.collector import set_aside_what_stays
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.sandbox_process import RunningSandbox, free_port, new_account, world_clock
from kalshi_edge.trading.playbook import Playbook
from kalshi_sandbox.exchange.rest.rate_limits import TIERS, Tier
from kalshi_sandbox.server import Plan, new_sandbox, server
from tests.support.builders import DAY, NOW, book, event_ticker, forecast, intent

CITIES = tuple(station_of(city) for city in ("NYC", "LA", "MIA", "CHI", "PHX"))
EVE = NOW - timedelta(hours=20)
"""When everybody still trades the next day's markets."""
QUOTES = 10_000
RESTING = 1_000
HALTS = 200
BALANCE = Decimal(1_000_000)


def serve(port: int) -> None:
    """The sandbox of the other process: nobody trades there but us, and nobody is held up."""
    TIERS["basic"] = Tier(10**9, 10**9, 1, 1, 10**9)
    server(new_sandbox(Plan(start_at=EVE, habits=None)), port=port).run()


# --- our side, with two stop-watches --------------------------------------------------------------


class Wire(httpx.AsyncHTTPTransport):
    """The network; notes when a request's last byte was handed to it."""

    left_s = 0.0
    orders = 0
    at_next_order: Callable[[], None] | None = None
    """What happens the moment the next order is on its way."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and be told of every step."""
        request.extensions["trace"] = self._note
        if request.method == "POST":
            self.orders += 1
            at_once, self.at_next_order = self.at_next_order, None
            if at_once is not None:
                at_once()
        return await super().handle_async_request(request)

    async def _note(self, what: str, _: Mapping[str, Any]) -> None:
        if what == "http11.send_request_body.complete":
            self.left_s = perf_counter()


class Ear:
    """A WebSocket; notes when a frame about a book was there."""

    came_s = 0.0

    def __init__(self) -> None:
        self._socket: ClientConnection

    @asynccontextmanager
    async def open(self, url: str, headers: Mapping[str, str]) -> AsyncIterator["Ear"]:
        """As the stream wants it opened."""
        async with connect(url, additional_headers=headers) as self._socket:
            yield self

    async def send(self, text: str) -> None:
        """Send one frame."""
        await self._socket.send(text)

    async def recv(self) -> str | bytes:
        """The next frame."""
        text = await self._socket.recv()
        if '"orderbook_delta"' in str(text):
            self.came_s = perf_counter()
        return text


@dataclass(frozen=True, slots=True)
class Bench:
    """A member with our client, a seller with theirs, and the ladders that both know."""

    clock: Clock
    wire: Wire
    ear: Ear
    account: AccountClient
    exchange: KalshiExchange
    feed: KalshiFeed
    seller: AccountClient
    ladders: tuple[Ladder, ...]

    @property
    def ticker(self) -> str:
        """The market that is bought: the third bin of New York's ladder."""
        return self.ladders[0].markets[2].ticker

    def told_engine(self, cash: Decimal = Decimal(1000)) -> Engine:
        """An engine that knows five ladders and a forecast for each, and has bought nothing."""
        setup = Setup("bench", CITIES, ("NBP",), cash, Playbook())
        engine = setup.fresh_engine()
        for ladder in self.ladders:
            engine.handle(ladder)
            low = ladder.markets[2].bin.lower
            assert low is not None
            known = {10: low - 2.56, 50: float(low), 90: low + 2.56}
            city = ladder.station.city
            engine.handle(forecast(known, city, run_at=EVE, received_at=self.clock.now()))
        # A trader registers its evidence cells in its first cycle, not at every quote.
        engine.handle(CycleDue(self.clock.now()))
        return engine

    def order(self, side: Side, price: str, count: int, name: int, **kind: Any) -> Intent:
        """An order in the market that is bought."""
        made_at = self.clock.now()
        return intent(
            self.ticker, side, count, price, name=f"{price} {name}", created_at=made_at, **kind
        )


@asynccontextmanager
async def opened(base: str) -> AsyncIterator[Bench]:
    """Everything, against the sandbox at ``base``."""
    sandbox = RunningSandbox(base)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        clock = await _came_up(sandbox, http)
        ours, theirs = [await new_account(sandbox, http, BALANCE) for _ in range(2)]
        wire, ear = Wire(), Ear()
        account = AccountClient(sandbox.host, ours, clock, no_jitter, transport=wire)
        seller = AccountClient(sandbox.host, theirs, clock, no_jitter)
        public = PublicClient(sandbox.host, clock, no_jitter, machine=ours.clock)
        for client in (account, seller, public):
            stack.push_async_callback(client.aclose)
        for member in (account, seller):
            await member.learn_limits()
        ladders = [await public.ladder(event_ticker(one.city, DAY)) for one in CITIES]
        stream = KalshiStream(
            sandbox.host,
            ours,
            clock,
            no_jitter,
            series=[station.series for station in CITIES],
            names=account.names,
            connect=ear.open,
        )
        feed = KalshiFeed(stream, account, public, known_until=clock.now())
        exchange = KalshiExchange(account, public, clock)
        bench = Bench(clock, wire, ear, account, exchange, feed, seller, tuple(ladders))
        await stream.watch([bench.ticker])
        yield bench


async def _came_up(sandbox: RunningSandbox, http: httpx.AsyncClient) -> Clock:
    while True:
        try:
            return await world_clock(sandbox, http)
        except ExchangeDown:
            await asyncio.sleep(0.1)


def no_jitter() -> float:
    return 0.0


# --- what is measured -----------------------------------------------------------------------------


async def bare_orders_s(bench: Bench) -> list[float]:
    """Seconds that each of a thousand orders takes to be signed, sent and answered."""
    took = []
    for number in range(RESTING):
        body = order_body(bench.order(Side.BUY, "0.02", 1, number))
        began_s = perf_counter()
        answer = await bench.account.create_order(body)
        took.append(perf_counter() - began_s)
        assert not isinstance(answer, ErrorBody), answer
    return took


async def through_executor_s(bench: Bench, store: SqliteStore) -> tuple[list[float], list[Order]]:
    """Seconds from each of a thousand approvals to its being known as resting; and the orders."""
    executor, took, resting = Executor(bench.exchange, store), [], []
    for number in range(RESTING):
        kind = TimeInForce.GOOD_TILL_CANCELED
        order = bench.order(Side.BUY, "0.01", 1, number, time_in_force=kind)
        began_s = perf_counter()
        approved = Approved((order,), None, ())
        updates = [update async for update in executor.place(approved, bench.clock.now())]
        took.append(perf_counter() - began_s)
        resting.append(Order(order, OrderState.RESTING, updates[-1].order_id))
    return took, resting


async def reconciled_s(bench: Bench, resting: list[Order]) -> tuple[float, float]:
    """Seconds to ask for a statement of a thousand resting orders, and to hold ours against it."""
    engine = bench.told_engine(BALANCE)
    account = engine.account
    account.orders |= {order.intent.intent_id: order for order in resting}
    began_s = perf_counter()
    *_, statement = await StatementSource(bench.account, bench.clock, EVE).ask()
    asked_s = perf_counter() - began_s
    assert isinstance(statement, AccountStatement)
    assert sum(order.rests for order in statement.orders) == RESTING
    began_s = perf_counter()
    found = differences(account, statement, ())
    compared_s = perf_counter() - began_s
    assert not found, found[:3]
    return asked_s, compared_s


async def offered(bench: Bench, side: Side, price: str, number: int) -> str:
    """Have the seller put 100 contracts into the book; the order's id."""
    waits = TimeInForce.GOOD_TILL_CANCELED
    order = bench.order(side, price, 100, number, time_in_force=waits)
    answer = await bench.seller.create_order(order_body(order))
    assert not isinstance(answer, ErrorBody), answer
    return str(answer["order_id"])


async def next_quote(events: AsyncIterator[Event]) -> Book:
    """The next book in which somebody sells."""
    while True:
        event = await anext(events)
        if isinstance(event, Book) and event.asks:
            return event


async def quote_to_wire_s(bench: Bench, store: SqliteStore) -> list[float]:
    """Seconds from the frame of every quote to the last byte of the order that it leads to."""
    executor, took = Executor(bench.exchange, store), []
    events = aiter(bench.feed)
    await offered(bench, Side.BUY, "0.23", 0)
    for number in range(QUOTES):
        engine, seq = bench.told_engine(), await store.last_seq()
        order_id = await offered(bench, Side.SELL, "0.25", number)
        book = await next_quote(events)
        came_s, bench.wire.left_s = bench.ear.came_s, 0.0
        inbox = EventQueue()
        inbox.put(book, CycleDue(bench.clock.now()))
        inbox.close()
        await run(inbox, engine, executor, store, last_seq=seq)
        assert bench.wire.left_s, f"quote {number} led to no order"
        took.append(bench.wire.left_s - came_s)
        await bench.seller.cancel_order(order_id)
    return took


async def halt_to_last_order_s(bench: Bench, folder: Path) -> tuple[list[float], int]:
    """Seconds from a halt to the last order's last byte, and how many orders went out in all.

    Five cities offer something to one cycle; a person halts when the first order leaves.
    """
    took, sent = list[float](), 0
    for number in range(HALTS):
        engine, inbox, now = bench.told_engine(), EventQueue(), bench.clock.now()
        for ladder in bench.ladders:
            ticker = ladder.markets[2].ticker
            inbox.put(book(ticker, [("0.23", 100)], [("0.25", 100)], now))
        inbox.put(CycleDue(now))
        orders_before, halted_s = bench.wire.orders, list[float]()

        def halt(
            number: int = number, inbox: EventQueue = inbox, at: list[float] = halted_s
        ) -> None:
            at.append(perf_counter())
            inbox.put(Halt(f"halt {number}", bench.clock.now()))
            inbox.close()

        bench.wire.at_next_order = halt
        async with SqliteStore(folder / f"halt {number}.db", "bench") as store:
            await run(inbox, engine, Executor(bench.exchange, store), store)
        sent += bench.wire.orders - orders_before
        took.append(max(bench.wire.left_s - halted_s[0], 0.0))
    return took, sent


async def main(base: str) -> None:
    """Print all of it."""
    with TemporaryDirectory() as folder:
        async with opened(base) as bench, SqliteStore(Path(folder) / "bench.db", "bench") as store:
            set_aside_what_stays()  # as a trader does once it has started
            bare = await bare_orders_s(bench)
            through, resting = await through_executor_s(bench, store)
            asked_s, compared_s = await reconciled_s(bench, resting)
            took = await quote_to_wire_s(bench, store)
            halted, sent = await halt_to_last_order_s(bench, Path(folder))
    unit_s = float(quantile(bare, 0.5))

    def tell(what: str, seconds: float, rate: str = "") -> None:
        print(f"{what:48} {seconds * 1e3:8.2f} ms {rate:>8} {seconds / unit_s:6.1f} ×")

    tell("an order signed, sent and answered, p50", unit_s, f"{len(bare) / sum(bare):.0f}/s")
    tell(
        "the same through the executor, p50",
        float(quantile(through, 0.5)),
        f"{len(through) / sum(through):.0f}/s",
    )
    for share in (0.5, 0.99):
        what = f"quote's frame to order on the wire, p{share * 100:.0f} of {len(took):,}"
        tell(what, quantile(took, share))
    for share in (0.5, 0.99):
        what = f"halt in a cycle of five orders to the last, p{share * 100:.0f} of {len(halted):,}"
        tell(what, quantile(halted, share))
    print(f"  orders sent in {len(halted):,} such cycles: {sent:,}")
    tell(f"{RESTING:,} orders: the exchange's statement asked", asked_s)
    tell(f"{RESTING:,} orders: ours held against it", compared_s)


if __name__ == "__main__":
    port = free_port()
    sandbox = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    sandbox.start()
    try:
        asyncio.run(main(f"http://127.0.0.1:{port}"))
    finally:
        sandbox.terminate()
        sandbox.join()
