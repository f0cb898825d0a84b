"""From approved to sent: the intent is stored first, the kill switch is read before every send.

A lost answer leaves the order unknown; nothing is ever sent twice under another name.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.events import Approved, CancelOrder, OrderUpdate
from kalshi_edge.domain.orders import Intent, Order, OrderStep
from kalshi_edge.errors import ExchangeDown, ExchangeError, OrderRejected, OutcomeUnknown
from kalshi_edge.ports import Exchange, Store
from kalshi_edge.units import ZERO


class Executor:
    """The one hand that sends orders; it takes nothing but what risk approved."""

    def __init__(self, exchange: Exchange, store: Store) -> None:
        self._exchange = exchange
        self._store = store

    async def place(self, approved: Approved, at: datetime) -> list[OrderUpdate]:
        """Send every order of ``approved`` and say what became of each.

        The legs of a bracket go one after the other, each for no more than the one before it got:
        where that was nothing, or is not known, it is not sent.
        """
        updates: list[OrderUpdate] = []
        room = approved.intents[0].count
        for intent in approved.intents:
            told = await self._place(intent, min(intent.count, room), at)
            updates += told
            room = _got(intent, told)
        return updates

    async def cancel(self, cancel: CancelOrder, order: Order, at: datetime) -> list[OrderUpdate]:
        """Take an order out of the book; without a clear answer it stays as it is.

        What was not taken back has traded: its fills may still be on their way. Where nothing was,
        the order was over already, and the exchange's own news of it says how.
        """
        try:
            taken_back = await self._exchange.cancel(order)
        except ExchangeError:
            return []
        if taken_back == ZERO:
            return []
        traded = order.intent.count - taken_back
        step, reason = OrderStep.FINISH, cancel.reason
        return [OrderUpdate(cancel.intent_id, step, at, filled=traded, reason=reason)]

    async def _place(self, intent: Intent, count: Decimal, at: datetime) -> list[OrderUpdate]:
        order = Order(intent)
        if not await self._store.add_order(order):
            # An earlier life of ours stored it and may have sent it: sending would double it.
            return []
        if count <= ZERO:
            return [_over(intent, at, "not sent: the leg before it did not trade")]
        if not intent.reduces and (await self._store.switch(at)).is_halted(at):
            return [_over(intent, at, "kill switch")]
        await self._store.save_order(order.step(OrderStep.SEND))
        sent = OrderUpdate(intent.intent_id, OrderStep.SEND, at)
        return [sent, await self._answer(replace(intent, count=count), at)]

    async def _answer(self, intent: Intent, at: datetime) -> OrderUpdate:
        try:
            receipt = await self._exchange.place(intent)
        except OrderRejected as error:
            return _over(intent, at, str(error))
        except ExchangeDown as error:
            return _over(intent, at, f"not sent: {error}")
        except OutcomeUnknown as error:
            return OrderUpdate(intent.intent_id, OrderStep.LOSE, at, reason=str(error))
        rests = receipt.resting > ZERO
        reason = "" if rests else f"{receipt.filled} of {intent.count} filled"
        return OrderUpdate(
            intent.intent_id,
            OrderStep.ACCEPT if rests else OrderStep.FINISH,
            at,
            order_id=receipt.order_id,
            filled=receipt.filled,
            reason=reason,
        )


def _over(intent: Intent, at: datetime, reason: str) -> OrderUpdate:
    return OrderUpdate(intent.intent_id, OrderStep.FINISH, at, reason=reason)


def _got(intent: Intent, told: list[OrderUpdate]) -> Decimal:
    """Contracts that the order has, or waits for in the book; none where that is not known."""
    if told and told[-1].step is OrderStep.ACCEPT:
        return intent.count
    return told[-1].filled if told else ZERO
