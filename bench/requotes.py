"""From a book's frame to the moved quote's last byte on the wire, over loopback into the sandbox.

A requote is two requests, one after the other's answer: the old order is cancelled, then the new
one is sent. Baseline, as in ``bench/orders.py``, is an order that is only signed, sent and
answered. The sandbox and its seller are SYNTHETIC. Run: ``python bench/requotes.py``
"""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from numpy import quantile

from bench.orders import Bench, bare_orders_s, offered, opened, serve
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Side
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runner import run
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.sandbox_process import free_port
from kalshi_edge.trading.quoting.rules import QuoteRules

REQUOTES = 1_000
LOW, FAR = Decimal("0.33"), Decimal("0.38")
"""Best asks before and after: the quote rests a cent below the first, then moves up."""
BEFORE = timedelta(seconds=3)


async def book_with(events: AsyncIterator[Event], ask: Decimal) -> Book:
    """The next book whose best ask is ``ask``."""
    while True:
        event = await anext(events)
        if isinstance(event, Book) and event.ask == ask:
            return event


async def requotes_s(bench: Bench, store: SqliteStore) -> list[float]:
    """Seconds from the frame that moves a quote to the last byte of its new order."""
    executor, took = Executor(bench.exchange, store), list[float]()
    events = aiter(bench.feed)
    await offered(bench, Side.BUY, "0.30", 0)
    await offered(bench, Side.SELL, str(FAR), 0)
    for number in range(REQUOTES):
        engine, now = bench.told_engine(), bench.clock.now()
        engine.playbook = replace(engine.playbook, quoting=QuoteRules())
        order_id = await offered(bench, Side.SELL, str(LOW), number)
        shown = await book_with(events, LOW)
        inbox = EventQueue()
        inbox.put(replace(shown, received_at=now - BEFORE), CycleDue(now - BEFORE))
        inbox.close()
        await run(inbox, engine, executor, store, last_seq=await store.last_seq())
        (name,) = engine.quotes.live.values()
        await bench.seller.cancel_order(order_id)
        moved = await book_with(events, FAR)
        came_s, bench.wire.left_s = bench.ear.came_s, 0.0
        inbox = EventQueue()
        inbox.put(moved)
        inbox.close()
        await run(inbox, engine, executor, store, last_seq=await store.last_seq())
        (posted,) = engine.quotes.live.values()
        assert posted != name, f"quote {number} did not move"
        took.append(bench.wire.left_s - came_s)
        rests = engine.account.orders[posted].order_id
        assert rests is not None
        await bench.account.cancel_order(rests)
    return took


async def main(base: str) -> None:
    """Print it."""
    with TemporaryDirectory() as folder:
        async with opened(base) as bench, SqliteStore(Path(folder) / "bench.db", "bench") as store:
            bare = await bare_orders_s(bench)
            took = await requotes_s(bench, store)
    unit_s = float(quantile(bare, 0.5))
    print(f"an order signed, sent and answered, p50 {unit_s * 1e3:8.2f} ms    1.0 ×")
    for share in (0.5, 0.99):
        seconds = float(quantile(took, share))
        what = f"book's frame to moved quote on the wire, p{share * 100:.0f} of {len(took):,}"
        print(f"{what} {seconds * 1e3:8.2f} ms {seconds / unit_s:6.1f} ×")


if __name__ == "__main__":
    port = free_port()
    sandbox = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    sandbox.start()
    try:
        asyncio.run(main(f"http://127.0.0.1:{port}"))
    finally:
        sandbox.terminate()
        sandbox.join()
