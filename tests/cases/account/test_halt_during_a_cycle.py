"""A person halts trading while a cycle's first order is on its way.

Nothing is sent after that: the command must not wait in the queue until the cycle's other orders
have been placed.
"""

import asyncio
from decimal import Decimal

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CycleDue, Halt
from kalshi_edge.domain.orders import Intent, Order, OrderReport
from kalshi_edge.execution.executor import Executor
from kalshi_edge.runner import run
from kalshi_edge.runtime.event_queue import EventQueue
from kalshi_edge.runtime.resumption import resumed_engine
from tests.cases.account_stories import EVE, D, later, offer, setup

CITIES = ("NYC", "MIA", "CHI", "PHX", "LA")


class SlowVenue:
    """Takes its time with every order; during the first one trading is halted."""

    def __init__(self, inbox: EventQueue) -> None:
        self.inbox = inbox
        self.sent: list[str] = []

    async def place(self, wanted: Intent) -> OrderReport:
        self.sent.append(wanted.ticker)
        if len(self.sent) == 1:
            self.inbox.put(Halt("stop it", later(1)))
        await asyncio.sleep(0.05)
        return wanted.report(wanted.intent_id, wanted.count, D(0))

    async def cancel(self, order: Order) -> Decimal:
        return order.intent.count - order.filled

    async def resolve(self, wanted: Intent, *, resend: bool) -> OrderReport:
        raise NotImplementedError


async def test_no_further_order_is_sent_once_a_person_has_halted() -> None:
    async with SqliteStore(":memory:", "demo") as store:
        inbox = EventQueue()
        venue = SlowVenue(inbox)
        engine = await resumed_engine(setup(*CITIES), store)
        inbox.put(*(event for city in CITIES for event in offer(city)), CycleDue(EVE))
        looping = asyncio.create_task(run(inbox, engine, Executor(venue, store), store))
        handled = asyncio.create_task(inbox.handled())
        await asyncio.wait([looping, handled], return_when=asyncio.FIRST_COMPLETED)
        handled.cancel()
        inbox.close()
        await looping
    assert len(venue.sent) == 1
