"""Writes and reads a second of each store, what a cycle's line costs, and how fast a copy is.

SQLite is the baseline. DynamoDB is AWS's engine on this machine: its figures are the client's and
the engine's, without a network; AWS itself adds a few milliseconds to every call.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kalshi_edge.db.copy_store import copy_store
from kalshi_edge.db.dynamo.store import DynamoStore
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.orders import Order, OrderStep
from kalshi_edge.ports import Store
from tests.contract.store.test_store_contract import TRADE, line
from tests.support.builders import NOW, intent
from tests.support.dynamodb_local import DynamoMissing, dynamodb_local, place, tables_of

LINES = 300
CYCLE_RECORDS = 12
"""Trades that a busy cycle's line tells of."""


async def rate(times: int, one: Callable[[int], Awaitable[object]]) -> float:
    """Calls a second, one after the other."""
    began_s = time.perf_counter()
    for n in range(1, times + 1):
        await one(n)
    return times / (time.perf_counter() - began_s)


async def measured(store: Store) -> dict[str, float]:
    """The rates of one store."""

    async def order(n: int) -> None:
        await store.add_order(Order(intent(name=f"o{n}")).step(OrderStep.SEND))

    async def cycle(n: int) -> None:
        trades = [replace(TRADE, trade_id=f"{n}-{k}") for k in range(CYCLE_RECORDS)]
        await store.append(line(n, *trades))

    return {
        "orders stored as sent": await rate(LINES, order),
        f"lines of {CYCLE_RECORDS} records": await rate(LINES, cycle),
        "switch reads": await rate(LINES, lambda _: store.switch(NOW)),
        "journal pages of 100 lines": await rate(30, lambda _: store.journal(0, 100)),
        "reads of all trades": await rate(5, lambda _: store.trades()),
    }


async def bench(endpoint: str) -> None:
    """Print a second's calls of both, and their ratio."""
    where = place(endpoint, "bench")
    await tables_of(where)
    with TemporaryDirectory() as folder:
        async with (
            SqliteStore(Path(folder) / "a.db", "paper") as file,
            DynamoStore(where, "paper") as tables,
        ):
            rows, others = await measured(file), await measured(tables)
            print(f"{'calls a second':34}{'SQLite':>10}{'DynamoDB':>10}{'ratio':>8}")
            for name, sqlite in rows.items():
                print(f"{name:34}{sqlite:10.0f}{others[name]:10.0f}{others[name] / sqlite:8.3f}")
            overhead_ms = 1000 / rows[f"lines of {CYCLE_RECORDS} records"]
            theirs_ms = 1000 / others[f"lines of {CYCLE_RECORDS} records"]
            print(f"a cycle's line costs {overhead_ms:.2f} ms and {theirs_ms:.2f} ms")
        copied_place = place(endpoint, "bench-copy")
        await tables_of(copied_place)
        async with (
            SqliteStore(Path(folder) / "a.db", None) as source,
            SqliteStore(Path(folder) / "b.db", "paper") as file,
            DynamoStore(copied_place, "paper") as tables,
        ):
            for name, target in (("SQLite", file), ("DynamoDB", tables)):
                began_s = time.perf_counter()
                done = await copy_store(source, target)
                rate_ = done.lines / (time.perf_counter() - began_s)
                print(f"copied to {name} and compared: {rate_:.0f} lines a second")


if __name__ == "__main__":
    try:
        with dynamodb_local() as engine:
            asyncio.run(bench(engine))
    except DynamoMissing as missing:
        print(f"not measured: {missing}")
