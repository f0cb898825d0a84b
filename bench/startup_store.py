"""Seconds and memory until ``kalshi-edge run`` answers on six months of SYNTHETIC trading.

The baseline is a new store's start. Each start is a process of its own, in paper mode, against a
sandbox of which only the clock answers. Goal: 3 s and 200 MB, whatever the store holds.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.config import load_settings
from kalshi_edge.data.history.days import last_settled_day
from kalshi_edge.data.history.records import read_events
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import Book, Ladder, Level
from kalshi_edge.engine import Setup
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import run
from kalshi_edge.runtime.sandbox_process import write_past

MODE = "synthetic paper"
DAYS = 170
CYCLE = timedelta(minutes=30)
LEVELS = 8
"""A side: history has the best of a book only, a live journal as deep as the stream tells."""
DEEPER = Decimal("0.01")


async def trade_six_months(path: Path, days: int = DAYS) -> int:
    """Trade a SYNTHETIC past of ``days`` that ends now into a new store; how many lines it has."""
    settings = load_settings(contact="ann@weather.test")
    setup = Setup(
        settings.trading_mode,
        settings.stations,
        settings.forecast_models,
        settings.starting_balance,
        settings.playbook,
    )
    last = last_settled_day(datetime.now(UTC))
    exchange = SimulatedExchange(setup.starting_balance)
    with TemporaryDirectory() as folder:
        which = ("--until", f"{last}", "--city", ",".join(settings.cities))
        await write_past(Path(folder), ("--seed", "1", "--days", str(days), *which))
        async with SqliteStore(":memory:", MODE) as store:
            await store.note("setup", to_json(setup))
            feed = exchange.watch(_feed(Path(folder), settings.cities))
            await run(feed, setup.fresh_engine(), Executor(exchange, store), store)
            store.save_as(path)
            return await store.last_seq()


async def _feed(folder: Path, cities: Sequence[str]) -> AsyncIterator[Event]:
    """The past with a cycle every half hour, each with a book of every market that is open."""
    books: dict[str, Book] = {}
    closes_at: dict[str, datetime] = {}
    next_at = None
    for event in read_events(folder, cities, date.min, date.max):
        if next_at is None:
            next_at = event.received_at + CYCLE
        while next_at <= event.received_at:
            for book in [book for name, book in books.items() if next_at < closes_at[name]]:
                yield replace(book, valid_at=next_at, received_at=next_at)
            yield CycleDue(next_at)
            next_at += CYCLE
        if isinstance(event, Ladder):
            closes_at |= dict.fromkeys((m.ticker for m in event.markets), event.closes_at)
        if isinstance(event, Book):
            books[event.ticker] = _deepened(event)
            yield books[event.ticker]
        else:
            yield event


def _deepened(book: Book) -> Book:
    """``book`` with worse levels behind its best."""
    bids, asks = book.bids, book.asks
    steps = [DEEPER * n for n in range(1, LEVELS)]
    if bids:
        best = bids[0]
        more = (Level(best.price - step, best.count + n) for n, step in enumerate(steps))
        bids = (best, *(level for level in more if level.price > 0))
    if asks:
        best = asks[0]
        more = (Level(best.price + step, best.count + n) for n, step in enumerate(steps))
        asks = (best, *(level for level in more if level.price < 1))
    return replace(book, bids=bids, asks=asks)


def main() -> None:
    path = Path(sys.argv[1])
    began_s = time.perf_counter()
    lines = asyncio.run(trade_six_months(path, int(sys.argv[2]) if len(sys.argv) > 2 else DAYS))
    print(lines, path.stat().st_size / 1e6, time.perf_counter() - began_s)


if __name__ == "__main__":
    main()
