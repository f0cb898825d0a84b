"""Paper: the process ends after an order's receipt is in the journal and before its fill is.

The simulated exchange lives in the process and has forgotten the fill. The next life takes back
what was reported; else the order would keep its place, its budget and its cash for ever.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, DayTurned, Event, LookDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill
from kalshi_edge.engine import Engine
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runner import run, start
from kalshi_edge.runtime.bootstrap import _simulated
from kalshi_edge.runtime.resumption import resumed_engine
from kalshi_edge.trading.situation import situation
from tests.cases.account_stories import EVE, offer, setup

SETUP = setup(mode="paper")


class PowerCutError(Exception):
    """The process is gone."""


class DyingStore(SqliteStore):
    """Ends the process instead of writing the first fill."""

    dies = True

    async def append(self, entry: JournalEntry, **how: bool) -> None:
        if self.dies and any(isinstance(event, Fill) for event in entry.events):
            raise PowerCutError
        await super().append(entry, **how)


async def life(store: SqliteStore, at: datetime) -> Engine:
    """One process: it sees a cheap offer, trades, and looks after its orders once."""
    engine = await resumed_engine(SETUP, store)
    simulated = _simulated(engine)

    async def feed() -> AsyncIterator[Event]:
        yield await start(store, at)
        for event in (*offer(at=at), CycleDue(at), LookDue(at + timedelta(seconds=5))):
            yield event

    await run(
        simulated.watch(feed()),
        engine,
        Executor(simulated, store),
        store,
        last_seq=await store.last_seq(),
    )
    return engine


async def test_an_order_whose_fill_was_lost_blocks_nothing_days_later() -> None:
    async with DyingStore(":memory:", "paper") as store:
        with pytest.raises(PowerCutError):
            await life(store, EVE)
        store.dies = False
        engine = await life(store, EVE + timedelta(minutes=30))
    for days in range(1, 6):
        engine.handle(DayTurned(EVE + timedelta(days=days)))
    assert [order for order in engine.account.orders.values() if order.is_live] == []
    at = EVE + timedelta(days=5)
    now = situation(engine.account, engine.kill_switch.switch_at(at), {}, at)
    assert now.free_cash == engine.account.tracker.cash
