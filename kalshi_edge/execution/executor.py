"""From approved to sent: the kill switch is read and the order stored before every send.

A lost answer leaves the order unknown; nothing is ever sent twice under another name.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.events import OrderUpdate, order_update
from kalshi_edge.domain.orders import Intent, Order, OrderState, OrderStep
from kalshi_edge.domain.verdicts import Approved, CancelOrder, ResolveOrder
from kalshi_edge.errors import (
    EdgeError,
    ExchangeDown,
    ExchangeError,
    OrderObjection,
    OrderRejected,
    OutcomeUnknown,
    TradingPaused,
)
from kalshi_edge.ports import Exchange, Store
from kalshi_edge.units import ZERO

Objection: TypeAlias = Callable[[], str]
"""Why this process may not send anything now; empty where it may."""
POST_ONLY_CROSS = "post only cross"
"""In the exchange's refusal of an order that only waits and would have traded."""


class Executor:
    """The one hand that sends orders; it takes nothing but what risk approved."""

    def __init__(self, exchange: Exchange, store: Store, objection: Objection = lambda: "") -> None:
        """``objection`` is asked last before every send: is the lease still ours?"""
        self._exchange = exchange
        self._store = store
        self._objection = objection

    async def withdrawn(self, orders: Collection[Order], within_s: float) -> int:
        """How many of ``orders`` were taken out of the book within so long.

        For a trader that ends because its store fails: nothing is written down of it.
        """
        tasks = [asyncio.create_task(self._cancelled(order)) for order in orders]
        await asyncio.wait(tasks, timeout=within_s)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        return sum(outcome is True for outcome in outcomes)

    async def _cancelled(self, order: Order) -> bool:
        await self._exchange.cancel(order)
        return True

    async def place(self, approved: Approved, at: datetime) -> AsyncIterator[OrderUpdate]:
        """Send every order of ``approved`` and say what became of each before the next is sent.

        The legs of a bracket go one after the other, each for no more than the one before it got:
        where that was nothing, or is not known, it is not sent. Other orders, as a ladder's, do
        not wait for each other, nor does what reduces for anything.
        """
        room = approved.intents[0].count
        for intent in approved.intents:
            is_leg = intent.bracket_id is not None and not intent.reduces
            count = min(intent.count, room) if is_leg else intent.count
            try:
                told = await self._place(intent, count, at)
            except EdgeError:
                raise
            except Exception as error:  # a defect of ours: it may have been sent all the same
                await self._store.add_order(Order(intent))
                yield OrderUpdate(intent.intent_id, OrderStep.SEND, at, count=count)
                reason = f"{type(error).__name__}: {error}"
                yield OrderUpdate(
                    intent.intent_id, OrderStep.LOSE, at, reason=reason, is_error=True
                )
                raise
            room = _got(count, told)
            for update in told:
                yield update

    async def cancel(self, cancel: CancelOrder, order: Order, at: datetime) -> list[OrderUpdate]:
        """Take an order out of the book; without a clear answer it stays as it is.

        What was not taken back has traded: its fills may still be on their way. Where nothing was,
        the order was over already, and the exchange's own news of it says how.
        """
        if objection := self._objection():
            return _still_there(order, f"not cancelled: {objection}", at)
        try:
            taken_back = await self._exchange.cancel(order)
        except ExchangeError as error:
            return _still_there(order, f"not cancelled: {error}", at)
        if taken_back == ZERO:
            return []
        traded = max(order.intent.count - taken_back, ZERO)
        step, reason = OrderStep.FINISH, cancel.reason
        return [OrderUpdate(cancel.intent_id, step, at, filled=traded, reason=reason)]

    async def resolve(self, verdict: ResolveOrder, order: Order, at: datetime) -> list[OrderUpdate]:
        """What became of an order whose answer was lost; still unknown where nobody can say.

        It is sent again only where it is wanted and nothing has come up against it since.
        """
        intent = order.intent
        resend = verdict.resend and not await self._refusal(intent, at)
        try:
            report = await self._exchange.resolve(intent, resend=resend)
        except OrderRejected as error:
            return [_over(intent, at, str(error))]
        except ExchangeError as error:
            return [OrderUpdate(intent.intent_id, OrderStep.LOSE, at, reason=str(error))]
        return [order_update(report, at)]

    async def _place(self, intent: Intent, count: Decimal, at: datetime) -> list[OrderUpdate]:
        order, refusal = Order(intent), "not sent: the leg before it did not trade"
        if count > ZERO:
            refusal = await self._refusal(intent, at)
        stored = order if refusal else order.limited(count).step(OrderStep.SEND)
        if not await self._store.add_order(stored):
            # An earlier life of ours stored it and may have sent it: sending would double it.
            return []
        if refusal:
            return [_over(intent, at, refusal)]
        sent = OrderUpdate(intent.intent_id, OrderStep.SEND, at, count=count)
        # Storing may have taken long: the lease is looked at once more, with nothing in between.
        if objection := self._objection():
            return [sent, _over(intent, at, f"not sent: {objection}")]
        return [sent, await self._answer(replace(intent, count=count), at)]

    async def _refusal(self, intent: Intent, at: datetime) -> str:
        """Why ``intent`` may not be sent now; empty where it may."""
        if objection := self._objection():
            return f"not sent: {objection}"
        if not intent.reduces and (await self._store.switch(at)).is_halted(at):
            return "kill switch"
        return ""

    async def _answer(self, intent: Intent, at: datetime) -> OrderUpdate:
        try:
            report = await self._exchange.place(intent)
        except OrderObjection as error:
            return _over(intent, at, str(error))  # nothing went wrong: it was never sent
        except OrderRejected as error:
            # The book may move while a quote is on its way: that nothing was taken is as it should.
            crossed = intent.post_only and POST_ONLY_CROSS in str(error)
            return replace(_over(intent, at, str(error)), is_error=not crossed)
        except ExchangeDown as error:
            is_error = not isinstance(error, TradingPaused)
            return replace(_over(intent, at, f"not sent: {error}"), is_error=is_error)
        except OutcomeUnknown as error:
            step, reason = OrderStep.LOSE, str(error)
            return OrderUpdate(intent.intent_id, step, at, reason=reason, is_error=True)
        return order_update(report, at)


def _over(intent: Intent, at: datetime, reason: str) -> OrderUpdate:
    return OrderUpdate(intent.intent_id, OrderStep.FINISH, at, reason=reason)


def _still_there(order: Order, reason: str, at: datetime) -> list[OrderUpdate]:
    """News of an order that could not be cancelled: where it was, and why it still is there."""
    steps = {
        OrderState.RESTING: OrderStep.ACCEPT,
        OrderState.PARTIAL: OrderStep.ACCEPT,
        OrderState.UNKNOWN: OrderStep.LOSE,
    }
    step = steps.get(order.state)
    if step is None:
        return []
    return [OrderUpdate(order.intent.intent_id, step, at, reason=reason, is_error=True)]


def _got(count: Decimal, told: list[OrderUpdate]) -> Decimal:
    """Contracts that the order has, or waits for in the book; none where that is not known."""
    if told and told[-1].step is OrderStep.ACCEPT:
        return count
    return told[-1].filled if told else ZERO
