"""A paper trader dies at any of its writes and goes on: no money twice, none lost, no order stuck.

The simulated exchange dies with it; what the store has is all that happened.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import ClosePosition, CycleDue, Event, LookDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Order, Settlement, Side
from kalshi_edge.engine import Engine
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.runner import run, start
from kalshi_edge.runtime.bootstrap import _simulated
from kalshi_edge.runtime.resumption import resumed_engine
from tests.cases.account_stories import EVE, TICKER, offer, setup
from tests.support.builders import book

D = Decimal
SETUP = setup(mode="paper")


class PowerCutError(Exception):
    """The process is gone."""


class DyingStore(SqliteStore):
    """Ends the process instead of doing its last write."""

    writes_left = 10**9

    def _write(self) -> None:
        self.writes_left -= 1
        if self.writes_left < 0:
            raise PowerCutError

    async def append(self, entry: JournalEntry, **how: bool) -> None:
        self._write()
        await super().append(entry, **how)

    async def add_order(self, order: Order) -> bool:
        self._write()
        return await super().add_order(order)


async def life(store: SqliteStore, at: datetime, *, settles: bool) -> SimulatedExchange:
    """Buy what is cheap, offer it dear, see the bids come up to that in part, or the result."""
    engine = await resumed_engine(SETUP, store)
    exchange = _simulated(engine)

    def later(minutes: float, bids: Any, asks: Any = (("0.60", 50),)) -> Event:
        return book(TICKER, bids, asks, at + timedelta(minutes=minutes))

    async def feed() -> AsyncIterator[Event]:
        yield await start(store, at)
        for event in (*offer(at=at), CycleDue(at), LookDue(at + timedelta(seconds=5))):
            yield event
        yield later(1, [("0.23", 500)])
        for trade in engine.account.tracker.open_trades():
            on_sale = engine.account.pending_sales(trade.trade_id)
            if trade.open_count > on_sale:
                yield ClosePosition(
                    trade.trade_id, trade.open_count - on_sale, D("0.40"), at, waits=True,
                    command_id=f"out at {at}",
                )  # fmt: skip
        yield later(2, [("0.41", 3), ("0.40", 4)])
        yield later(3, [("0.41", 3), ("0.40", 6)])
        yield LookDue(at + timedelta(minutes=4))
        if settles:
            yield Settlement(TICKER, D(1), D(54), at, at + timedelta(minutes=5))
            yield LookDue(at + timedelta(minutes=6))

    last_seq = await store.last_seq()
    await run(exchange.watch(feed()), engine, Executor(exchange, store), store, last_seq=last_seq)
    _agree(engine, exchange, await flows(store))
    return exchange


async def flows(store: SqliteStore) -> Decimal:
    """Dollars that the journal's fills and results come to, each counted once."""
    events = [event for line in await store.journal() for event in line.events]
    fills = {event.fill_id: event for event in events if isinstance(event, Fill)}
    paid = {event.ticker: event.value for event in events if isinstance(event, Settlement)}
    total, held = D(0), D(0)
    for fill in fills.values():
        sign = 1 if fill.side is Side.BUY else -1
        total, held = total - sign * fill.count * fill.price - fill.fee, held + sign * fill.count
    return total + held * paid.get(TICKER, D(0))


def _agree(engine: Engine, exchange: SimulatedExchange, flowed: Decimal) -> None:
    tracker = engine.account.tracker
    assert tracker.cash == exchange.ledger.cash == SETUP.starting_balance + flowed
    held = sum((trade.open_count for trade in tracker.open_trades()), D(0))
    assert exchange.ledger.held(TICKER) == held
    for order in engine.account.orders.values():
        assert order.reported <= order.filled


async def test_whenever_a_paper_trader_dies_the_next_goes_on_as_if_the_rest_had_not_been() -> None:
    for writes in count():
        async with DyingStore(":memory:", "paper") as store:
            store.writes_left = writes
            try:
                await life(store, EVE, settles=False)
            except PowerCutError:
                died = True
            else:
                died = False
            store.writes_left = 10**9
            await life(store, EVE + timedelta(minutes=30), settles=False)
            exchange = await life(store, EVE + timedelta(minutes=60), settles=True)
            assert [order for order in await store.orders() if order.is_live] == []
            assert exchange.ledger.positions == {}
            assert await flows(store) > 0
        if not died:
            assert writes > 10
            return


async def test_an_order_that_waits_goes_on_waiting_and_its_contracts_are_taken_once() -> None:
    async with SqliteStore(":memory:", "paper") as store:
        await life(store, EVE, settles=False)
        (sale,) = [order for order in await store.orders() if order.intent.reduces]
        assert sale.is_live
        assert sale.filled == 9
        engine = await resumed_engine(SETUP, store)
        exchange, at = _simulated(engine), EVE + timedelta(minutes=20)

        async def feed() -> AsyncIterator[Event]:
            yield await start(store, at)
            # The nine are still shown: nobody outside knows that they are gone.
            yield book(TICKER, [("0.41", 3), ("0.40", 6)], [("0.60", 50)], at)
            assert engine.account.orders[sale.intent.intent_id].filled == 9
            yield book(TICKER, [("0.41", 3), ("0.40", 8)], [("0.60", 50)], at)
            yield LookDue(at)
            assert engine.account.orders[sale.intent.intent_id].filled == 11

        last_seq = await store.last_seq()
        await run(
            exchange.watch(feed()), engine, Executor(exchange, store), store, last_seq=last_seq
        )
        assert await exchange.cancel(sale) == sale.intent.count - 11
