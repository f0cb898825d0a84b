"""Nothing is sent before the line that decided it and the order itself are safe on the disk."""

import asyncio
from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Intent, Order, OrderReport
from tests.support.trader_harness import (
    DrawnExchange,
    Fate,
    Scene,
    TraderHarness,
    fates,
    scripts,
    told,
)


class WatchedStore(SqliteStore):
    """Knows whether its newest line still waits for an order to be flushed with."""

    is_waiting = False
    waited = 0

    async def append(self, entry: JournalEntry, *, order_follows: bool = False) -> None:
        await super().append(entry, order_follows=order_follows)
        self.is_waiting = order_follows
        self.waited += order_follows

    async def add_order(self, order: Order) -> bool:
        is_new = await super().add_order(order)
        self.is_waiting = False
        return is_new


class ExactingExchange(DrawnExchange):
    """Takes no order whose line could be lost."""

    def __init__(self, drawn: Iterable[Fate], store: WatchedStore) -> None:
        super().__init__(drawn)
        self._store = store

    async def place(self, intent: Intent) -> OrderReport:
        assert not self._store.is_waiting
        assert intent.intent_id in {one.intent.intent_id for one in await self._store.orders()}
        return await super().place(intent)


async def played(script: Sequence[Scene], drawn: Sequence[Fate]) -> tuple[int, int]:
    """How many lines waited for an order, and how many orders were sent."""
    async with WatchedStore(":memory:", "paper") as store:
        exchange = ExactingExchange(drawn, store)
        await TraderHarness(exchange, store=store).play(told(script))
        assert not store.is_waiting
        return store.waited, len(exchange.sent)


@given(scripts, st.lists(fates, max_size=30))
def test_an_order_is_sent_only_once_it_and_its_line_are_safe(
    script: list[Scene], drawn: list[Fate]
) -> None:
    waited, sent = asyncio.run(played(script, drawn))
    assert waited <= sent or any(scene.command == "halt" for scene in script)


def test_the_line_of_a_cycle_that_buys_waits_for_its_order() -> None:
    cheap = Scene(1, ("NYC",), 54.0, 9, 20, crash=False, command="", settles=False)
    assert asyncio.run(played([cheap], [])) == (1, 1)
