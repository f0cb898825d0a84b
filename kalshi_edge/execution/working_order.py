"""An order that the simulated exchange has accepted: what is left of it, and its fees so far."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.market import Book, FeeRule
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderState,
    OrderStep,
    Side,
    derived_id,
)
from kalshi_edge.execution.matching import Reason
from kalshi_edge.models.queue_position import SeenQueue
from kalshi_edge.trading.fees import OrderFees, fee_regime
from kalshi_edge.units import ZERO


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """``left`` contracts are still to be traded."""

    intent: Intent
    left: Decimal
    fees: OrderFees | None = None
    """Once it has traded."""
    queue: SeenQueue | None = None
    """Its place at its price; ``None`` before a book has shown how many wait there."""

    @property
    def filled(self) -> Decimal:
        """Contracts that have traded."""
        return self.intent.count - self.left

    @property
    def order_id(self) -> str:
        """The exchange's name for it."""
        return derived_id("order", self.intent.intent_id)

    @property
    def rank(self) -> Decimal:
        """Lower trades first, of orders on one side."""
        limit = self.intent.limit_price
        return -limit if self.intent.side is Side.BUY else limit

    def waiting(self, book: Book, at: datetime) -> "WorkingOrder":
        """The order once ``book``, seen at ``at``, shows how many contracts wait at its price.

        Cancelled were those behind it, as long as it may have been they: that is never too early.
        """
        intent = self.intent
        levels = book.bids if intent.side is Side.BUY else book.asks
        level = sum((one.count for one in levels if one.price == intent.limit_price), ZERO)
        known = self.queue
        queue = SeenQueue.posted(level, at) if known is None else known.book(level, book.valid_at)
        return replace(self, queue=queue)

    def printed(
        self, price: Decimal, count: Decimal, at: datetime
    ) -> tuple["WorkingOrder", Decimal]:
        """The order after others traded with its side, and how many contracts reached it.

        One whose place is not known yet is reached by what trades beyond its price only.
        """
        limit, buys = self.intent.limit_price, self.intent.side is Side.BUY
        known = self.queue or SeenQueue.posted(ZERO, at)
        if price == limit and self.queue is not None:
            queue, reached = known.printed(count, at)
        elif (price < limit if buys else price > limit) and at > known.base_at:
            queue, reached = known.passed(), count
        else:
            return self, ZERO
        return replace(self, queue=queue), min(reached, self.left)

    def meets(self, price: Decimal) -> bool:
        """Whether it would trade with an order at ``price`` on the other side."""
        limit = self.intent.limit_price
        return price <= limit if self.intent.side is Side.BUY else price >= limit

    def traded(
        self, price: Decimal, count: Decimal, rule: FeeRule, at: datetime, *, is_taker: bool
    ) -> tuple["WorkingOrder", Fill]:
        """The order after a trade, and its fill."""
        intent = self.intent
        fees = self.fees or OrderFees(rule, fee_regime(at))
        fee, fees = fees.charge(intent.side, price, count, is_taker=is_taker)
        missed = (
            intent.limit_price - price if intent.side is Side.SELL else price - intent.limit_price
        )
        fill = Fill(
            # What was filled before tells the fills of an order apart, across restarts too.
            fill_id=derived_id("fill", intent.intent_id, f"{self.filled:.2f}"),
            intent_id=intent.intent_id,
            ticker=intent.ticker,
            side=intent.side,
            count=count,
            price=price,
            fee=fee,
            is_taker=is_taker,
            valid_at=at,
            received_at=at,
            imagined_gain=max(missed, ZERO) * count,
        )
        return replace(self, left=self.left - count, fees=fees), fill

    def ended(self, reason: Reason, at: datetime) -> OrderUpdate:
        """What is said of it when it leaves the book without having traded all."""
        return OrderUpdate(
            intent_id=self.intent.intent_id,
            step=OrderStep.FINISH,
            received_at=at,
            order_id=self.order_id,
            filled=self.filled,
            reason=reason.value,
        )


def taken_back(order: Order, at: datetime) -> OrderUpdate:
    """The correction for an order whose fills, or some of them, died with the process.

    They moved no money and no position of ours, and nothing else remembers them: they did not
    happen.
    """
    lost = order.reported - order.filled
    return OrderUpdate(
        intent_id=order.intent.intent_id,
        step=OrderStep.FINISH if order.state is OrderState.DONE else OrderStep.ACCEPT,
        received_at=at,
        filled=order.filled,
        reason=f"{lost} contracts taken back: the process ended before their fill was stored",
        is_correction=True,
    )
