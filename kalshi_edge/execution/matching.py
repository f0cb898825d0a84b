"""One market's matching engine: best price first, then the oldest; a trade is at the maker's price.

It knows orders and owners, not money or time: fees, collateral, positions (hence reduce-only) and
the clock are its caller's. A refused request changes nothing.
"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.domain.market import Level
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.errors import OrderRejected
from kalshi_edge.units import CENT, ONE, ZERO


class SelfTrade(StrEnum):
    """What gives way where an order meets one of the same owner, spelt as the exchange does."""

    TAKER_AT_CROSS = "taker_at_cross"
    """The rest of the incoming order."""
    MAKER = "maker"
    """The resting order; the incoming one goes on."""


class Reason(StrEnum):
    """Why contracts left without trading, spelt as the exchange does where it has a word."""

    UNFILLED = "Unfilled"
    """The rest of an order that does not wait."""
    SELF_TRADE = "SelfTradeCancel"
    EXPIRY = "ExpiryCancel"
    CLOSE = "CloseCancel"
    HALT = "HaltCancel"


@dataclass(frozen=True, slots=True)
class LimitOrder:
    """``count`` contracts wanted or offered at ``price`` dollars per YES contract, or better."""

    order_id: str
    owner: str
    side: Side
    price: Decimal
    count: Decimal
    """What is left to trade, in hundredths of a contract at the finest."""
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCELED
    post_only: bool = False
    self_trade: SelfTrade = SelfTrade.TAKER_AT_CROSS
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not ZERO < self.price < ONE:
            raise OrderRejected(f"invalid_order: price {self.price}, not between 0 and 1")
        if self.count <= ZERO or self.count % CENT != ZERO:
            raise OrderRejected(f"invalid_order: count {self.count}, not in steps of {CENT}")
        waits = self.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        if self.expires_at is not None and not waits:
            raise OrderRejected(f"invalid_order: an expiry on {self.time_in_force}")

    def meets(self, price: Decimal) -> bool:
        """Whether it would trade with an order at ``price`` on the other side."""
        return self.price >= price if self.side is Side.BUY else self.price <= price


@dataclass(frozen=True, slots=True)
class Match:
    """``count`` contracts traded at ``price``; both orders as they stood before."""

    price: Decimal
    count: Decimal
    taker: LimitOrder
    maker: LimitOrder


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An order with the contracts it had left when it left without trading them."""

    order: LimitOrder
    reason: Reason


@dataclass(frozen=True, slots=True)
class MatchOutcome:
    """What became of an order: its trades, what was withdrawn on the way, what now rests."""

    matches: tuple[Match, ...]
    withdrawn: tuple[Withdrawal, ...]
    resting: Decimal


@dataclass(slots=True)
class _Half:
    """One side's queues by price; ``prices`` ascend."""

    side: Side
    prices: list[Decimal] = field(default_factory=list)
    queues: dict[Decimal, dict[str, LimitOrder]] = field(default_factory=dict)

    def best_first(self) -> Iterator[Decimal]:
        return reversed(self.prices) if self.side is Side.BUY else iter(self.prices)

    def orders(self) -> Iterator[LimitOrder]:
        for price in self.best_first():
            yield from self.queues[price].values()

    def first(self) -> LimitOrder | None:
        return next(self.orders(), None)

    def put(self, order: LimitOrder) -> None:
        """Add at the end of its queue, or replace in its place."""
        if order.price not in self.queues:
            self.queues[order.price] = {}
            insort(self.prices, order.price)
        self.queues[order.price][order.order_id] = order

    def take(self, order: LimitOrder) -> None:
        queue = self.queues[order.price]
        del queue[order.order_id]
        if not queue:
            del self.queues[order.price]
            self.prices.remove(order.price)


class OrderBook:
    """The resting orders of one market and the rules by which they trade."""

    def __init__(self) -> None:
        self._halves = {side: _Half(side) for side in Side}
        self._resting: dict[str, LimitOrder] = {}

    def place(self, order: LimitOrder) -> MatchOutcome:
        """Trade what can be traded, rest what may wait, withdraw the remainder.

        Raises ``OrderRejected`` for an id that already rests and for a post-only order that
        would trade; a price equal to the opposite best trades.
        """
        if order.order_id in self._resting:
            raise OrderRejected(f"order_already_exists: {order.order_id}")
        self._check_post_only(order)
        kill = order.time_in_force is TimeInForce.FILL_OR_KILL
        if kill and self._fillable(order) < order.count:
            return MatchOutcome((), (Withdrawal(order, Reason.UNFILLED),), ZERO)
        return self._trade(order)

    def amend(
        self, order_id: str, *, price: Decimal, count: Decimal, expires_at: datetime | None
    ) -> MatchOutcome:
        """Change a resting order's price, remaining count and expiry.

        Only a smaller count or another expiry keeps its place in the queue; anything else sends it
        to the back, and it may trade on the way. Raises ``OrderRejected`` as ``place`` does.
        """
        old = self.order(order_id)
        new = replace(old, price=price, count=count, expires_at=expires_at)
        if price == old.price and count <= old.count:
            self._put(new)
            return MatchOutcome((), (), count)
        self._check_post_only(new)
        self._take(old)
        return self._trade(new)

    def decrease(self, order_id: str, by: Decimal) -> Decimal:
        """Take ``by`` contracts off a resting order, which keeps its place; what is left of it.

        Raises ``OrderRejected`` where no such order rests, or ``by`` is not a count.
        """
        old = self.order(order_id)
        if by <= ZERO or by % CENT != ZERO:
            raise OrderRejected(f"invalid_order: a decrease by {by}")
        if by >= old.count:
            self._take(old)
            return ZERO
        self._put(replace(old, count=old.count - by))
        return old.count - by

    def cancel(self, order_id: str) -> LimitOrder:
        """Take an order out and return it; ``OrderRejected`` where no such order rests."""
        order = self.order(order_id)
        self._take(order)
        return order

    def expire(self, at: datetime) -> tuple[Withdrawal, ...]:
        """Take out every order whose time is up at ``at``."""
        over = [
            o for o in self._resting.values() if o.expires_at is not None and o.expires_at <= at
        ]
        return self._withdraw(over, Reason.EXPIRY)

    def clear(self, reason: Reason) -> tuple[Withdrawal, ...]:
        """Take out every order: the market closed or was halted."""
        return self._withdraw(list(self._resting.values()), reason)

    def order(self, order_id: str) -> LimitOrder:
        """A resting order as it stands; ``OrderRejected`` where no such order rests."""
        order = self._resting.get(order_id)
        if order is None:
            raise OrderRejected(f"not_found: no order {order_id} rests")
        return order

    def orders(self, side: Side) -> tuple[LimitOrder, ...]:
        """One side's resting orders in the order in which they would trade."""
        return tuple(self._halves[side].orders())

    def levels(self, side: Side) -> tuple[Level, ...]:
        """One side's depth, best first."""
        half = self._halves[side]
        return tuple(
            Level(price, sum((o.count for o in half.queues[price].values()), ZERO))
            for price in half.best_first()
        )

    def _trade(self, order: LimitOrder) -> MatchOutcome:
        matches: list[Match] = []
        withdrawn: list[Withdrawal] = []
        left = order.count
        while left > ZERO and (maker := self._counterparty(order)) is not None:
            taker = replace(order, count=left)
            if maker.owner != order.owner:
                count = min(left, maker.count)
                matches.append(Match(maker.price, count, taker, maker))
                self.decrease(maker.order_id, count)
                left -= count
            elif order.self_trade is SelfTrade.MAKER:
                withdrawn += self._withdraw([maker], Reason.SELF_TRADE)
            else:
                withdrawn.append(Withdrawal(taker, Reason.SELF_TRADE))
                left = ZERO
        if left > ZERO:
            rest = replace(order, count=left)
            if order.time_in_force is TimeInForce.GOOD_TILL_CANCELED:
                self._put(rest)
                return MatchOutcome(tuple(matches), tuple(withdrawn), left)
            withdrawn.append(Withdrawal(rest, Reason.UNFILLED))
        return MatchOutcome(tuple(matches), tuple(withdrawn), ZERO)

    def _opposite(self, order: LimitOrder) -> _Half:
        return self._halves[Side.SELL if order.side is Side.BUY else Side.BUY]

    def _counterparty(self, order: LimitOrder) -> LimitOrder | None:
        maker = self._opposite(order).first()
        return maker if maker is not None and order.meets(maker.price) else None

    def _fillable(self, order: LimitOrder) -> Decimal:
        found = ZERO
        for maker in self._opposite(order).orders():
            if not order.meets(maker.price) or found >= order.count:
                break
            if maker.owner != order.owner:
                found += maker.count
            elif order.self_trade is SelfTrade.TAKER_AT_CROSS:
                break
        return found

    def _check_post_only(self, order: LimitOrder) -> None:
        if order.post_only and (maker := self._counterparty(order)) is not None:
            raise OrderRejected(f"invalid_order: post only cross at {maker.price}")

    def _withdraw(self, orders: list[LimitOrder], reason: Reason) -> tuple[Withdrawal, ...]:
        for order in orders:
            self._take(order)
        return tuple(Withdrawal(order, reason) for order in orders)

    def _put(self, order: LimitOrder) -> None:
        self._halves[order.side].put(order)
        self._resting[order.order_id] = order

    def _take(self, order: LimitOrder) -> None:
        self._halves[order.side].take(order)
        del self._resting[order.order_id]
