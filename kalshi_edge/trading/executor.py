"""From approved to sent: the intent is stored first, the kill switch is read before every send.

A lost answer leaves the order unknown; nothing is ever sent twice under another name.
"""

from datetime import datetime

from kalshi_edge.domain.events import Approved, CancelOrder, OrderUpdate
from kalshi_edge.domain.orders import Intent, Order, OrderStep
from kalshi_edge.errors import ExchangeDown, OrderRejected, OutcomeUnknown
from kalshi_edge.ports import Exchange, Store
from kalshi_edge.units import ZERO


class Executor:
    """The one hand that sends orders; it takes nothing but what risk approved."""

    def __init__(self, exchange: Exchange, store: Store) -> None:
        self._exchange = exchange
        self._store = store

    async def place(self, approved: Approved, at: datetime) -> list[OrderUpdate]:
        """Send every order of ``approved`` and say what became of each."""
        updates: list[OrderUpdate] = []
        for intent in approved.intents:
            updates += await self._place(intent, at)
        return updates

    async def cancel(self, cancel: CancelOrder, order: Order, at: datetime) -> list[OrderUpdate]:
        """Take an order out of the book; one whose answer is lost stays as it is."""
        try:
            await self._exchange.cancel(order)
        except (OutcomeUnknown, ExchangeDown):
            return []
        return [OrderUpdate(cancel.intent_id, OrderStep.FINISH, at, reason=cancel.reason)]

    async def _place(self, intent: Intent, at: datetime) -> list[OrderUpdate]:
        order = Order(intent)
        if not await self._store.add_order(order):
            # An earlier life of ours stored it and may have sent it: sending would double it.
            return []
        if not intent.reduces and (await self._store.switch(at)).is_halted(at):
            return [OrderUpdate(intent.intent_id, OrderStep.FINISH, at, reason="kill switch")]
        await self._store.save_order(order.step(OrderStep.SEND))
        sent = OrderUpdate(intent.intent_id, OrderStep.SEND, at)
        return [sent, await self._answer(intent, at)]

    async def _answer(self, intent: Intent, at: datetime) -> OrderUpdate:
        try:
            receipt = await self._exchange.place(intent)
        except OrderRejected as error:
            return OrderUpdate(intent.intent_id, OrderStep.FINISH, at, reason=str(error))
        except ExchangeDown as error:
            return OrderUpdate(intent.intent_id, OrderStep.FINISH, at, reason=f"not sent: {error}")
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
