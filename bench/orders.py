"""From a quote to the order's way out, orders a second, and a look through 1,000 orders.

Baseline is what no order can do without: its intent and its state on the disk, two transactions.
Quotes and the exchange are SYNTHETIC; it answers at once.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from numpy import quantile

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import Approved, CycleDue
from kalshi_edge.domain.orders import Intent, Order, OrderState, OrderStep, Side
from kalshi_edge.domain.statement import AccountStatement, Holding, StatedOrder
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.feed import Inbox
from kalshi_edge.portfolio.reconciliation import differences
from kalshi_edge.ports import Receipt
from kalshi_edge.runner import run
from kalshi_edge.trading.decision import Playbook
from kalshi_edge.trading.executor import Executor
from tests.builders import DAY, EVENT, NOW, book, event_ticker, forecast, intent, ladder

CITIES = ("NYC", "LA", "MIA", "CHI", "PHX")
EVE = NOW - timedelta(hours=20)
PURCHASES = 150
ORDERS = 500
KNOWN = 1000


class Instant:
    """An exchange that takes everything at once and notes when it came."""

    def __init__(self) -> None:
        self.came_s: list[float] = []

    async def place(self, order: Intent) -> Receipt:
        """Filled whole."""
        self.came_s.append(perf_counter())
        return Receipt(f"x{len(self.came_s)}", order.count, Decimal(0))

    async def cancel(self, order: Order) -> Decimal:
        """Taken back whole."""
        return order.intent.count

    async def resolve(self, order: Intent, *, resend: bool) -> Receipt:  # noqa: ARG002 - its role
        """As if it were sent now."""
        return await self.place(order)


def told_engine() -> Engine:
    """An engine that knows five ladders, their books and a forecast for each."""
    stations = tuple(station_of(city) for city in CITIES)
    engine = Setup("bench", stations, ("NBP",), Decimal(1000), Playbook()).fresh_engine()
    for station in stations:
        engine.handle(ladder(station.city, received_at=EVE))
        known = {10: 51.4368, 50: 54.0, 90: 56.5632}
        engine.handle(forecast(known, station.city, run_at=EVE, received_at=EVE))
    return engine


async def quote_to_order(folder: Path) -> list[float]:
    """Seconds from putting a cheap quote and a cycle into the inbox to the order's leaving."""
    took: list[float] = []
    for number in range(PURCHASES):
        async with SqliteStore(folder / f"{number}.db", "bench") as store:
            engine, inbox, exchange = told_engine(), Inbox(), Instant()
            looping = asyncio.create_task(run(inbox, engine, Executor(exchange, store), store, ()))
            ticker = f"{event_ticker(CITIES[number % len(CITIES)], DAY)}-B54.5"
            began_s = perf_counter()
            inbox.put(book(ticker, [("0.23", 500)], [("0.25", 100)], EVE), CycleDue(EVE))
            await inbox.handled()
            took += [at_s - began_s for at_s in exchange.came_s]
            inbox.close()
            await looping
    assert len(took) == PURCHASES, f"{len(took)} orders of {PURCHASES} quotes"
    return took


async def orders_a_second(folder: Path) -> tuple[float, float]:
    """Approved orders through the executor a second; and the bare two transactions a second."""
    orders = [intent(count=5, name=str(n), created_at=NOW) for n in range(ORDERS)]
    async with SqliteStore(folder / "orders.db", "bench") as store:
        executor, began_s = Executor(Instant(), store), perf_counter()
        for order in orders:
            await executor.place(Approved((order,), None, ()), NOW)
        through = ORDERS / (perf_counter() - began_s)
    async with SqliteStore(folder / "bare.db", "bench") as store:
        began_s = perf_counter()
        for order in orders:
            await store.add_order(Order(order))
            await store.save_order(Order(order).step(OrderStep.SEND))
        bare = ORDERS / (perf_counter() - began_s)
    return through, bare


def reconciled_ms() -> float:
    """A look through a statement of 1,000 resting orders and the positions of five ladders."""
    engine = told_engine()
    orders = [
        replace(intent(f"{EVENT}-B5{n % 4 * 2}.5", name=str(n)), created_at=EVE)
        for n in range(KNOWN)
    ]
    account = engine.account
    account.orders |= {
        one.intent_id: Order(one, OrderState.RESTING, f"x{n}") for n, one in enumerate(orders)
    }
    stated = tuple(
        StatedOrder(
            f"x{n}", one.intent_id, one.ticker, Side.BUY, one.limit_price, Decimal(0), one.count
        )
        for n, one in enumerate(orders)
    )
    statement = AccountStatement(NOW, NOW, Decimal(1000), (), stated, EVE - timedelta(days=1))
    assert differences(account, statement, ()) == ()
    off = replace(statement, holdings=(Holding(f"{EVENT}-B50.5", Decimal(3), Decimal(1)),))
    assert differences(account, off, ()) != ()
    began_s, times = perf_counter(), 20
    for _ in range(times):
        differences(account, statement, ())
    return (perf_counter() - began_s) / times * 1e3


async def main() -> None:
    """Print all of it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        through, bare = await orders_a_second(folder)
        took = await quote_to_order(folder)
    bare_ms = 1e3 / bare
    print(f"two transactions alone  {bare_ms:7.2f} ms  {bare:6.0f}/s   1.0 ×")
    print(
        f"an approved order       {1e3 / through:7.2f} ms  {through:6.0f}/s {bare / through:5.1f} ×"
    )
    for share in (0.5, 0.99):
        at_ms, name = quantile(took, share) * 1e3, f"p{share * 100:.0f}"
        print(f"quote to order, {name:4}   {at_ms:7.2f} ms          {at_ms / bare_ms:6.1f} ×")
    look = reconciled_ms()
    print(f"{KNOWN:,} orders reconciled {look:7.2f} ms          {look / bare_ms:6.1f} ×")


if __name__ == "__main__":
    asyncio.run(main())
