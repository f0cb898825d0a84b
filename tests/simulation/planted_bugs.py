"""Bugs of the kind that cost money, planted into the running program: the campaign must see them.

Each replaces one rule of the real code by what a hurried programmer might have written.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from unittest.mock import patch

from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.orders import Intent, Order, OrderStep, derived_id
from kalshi_edge.domain.records import Switch
from kalshi_edge.execution.executor import Executor
from kalshi_edge.portfolio.tracker import Tracker


def _retry_under_a_new_id() -> AbstractContextManager[object]:
    answer = Executor._answer

    async def answer_or_again(self: Executor, intent: Intent, at: datetime) -> OrderUpdate:
        update = await answer(self, intent, at)
        if update.step is not OrderStep.LOSE:
            return update
        again = replace(intent, intent_id=derived_id(intent.intent_id, "again"))
        return replace(await answer(self, again, at), intent_id=intent.intent_id)

    return patch.object(Executor, "_answer", answer_or_again)


def _store_after_send() -> AbstractContextManager[object]:
    async def place(
        self: Executor, intent: Intent, count: Decimal, at: datetime
    ) -> list[OrderUpdate]:
        if count <= 0 or await self._refusal(intent, at):
            return []
        answer = await self._answer(replace(intent, count=count), at)
        order = Order(intent)
        await self._store.add_order(order)
        await self._store.save_order(order.limited(count).step(OrderStep.SEND))
        return [OrderUpdate(intent.intent_id, OrderStep.SEND, at, count=count), answer]

    return patch.object(Executor, "_place", place)


def _count_fills_twice() -> AbstractContextManager[object]:
    return patch.object(Tracker, "has_seen", lambda _self, _fill: False)


def _ignore_the_switch() -> AbstractContextManager[object]:
    return patch.object(Switch, "is_halted", lambda _self, _at: False)


PLANTED_BUGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "retry under a new id": _retry_under_a_new_id,
    "store after send": _store_after_send,
    "count fills twice": _count_fills_twice,
    "ignore the switch": _ignore_the_switch,
}
