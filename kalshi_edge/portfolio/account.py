"""The account in time: orders on their way, the tracker and the UTC day.

What has been approved counts as spent until the exchange says that it is not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from kalshi_edge.domain.events import CashMovement, OrderUpdate
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, Order, Settlement
from kalshi_edge.domain.records import DailyRecord, Trade
from kalshi_edge.domain.verdicts import Alarm, Approved, CashFlow
from kalshi_edge.portfolio.performance import closed_on, performance
from kalshi_edge.portfolio.tracker import Tracker
from kalshi_edge.units import DAY, ZERO

KEEP_DONE_ORDERS = timedelta(days=3)
"""A fill may come late, but not this late."""


class Account:
    """Everything about our own money, restored from records and moved on by events."""

    def __init__(
        self,
        mode: str,
        starting_balance: Decimal,
        *,
        trades: Iterable[Trade] = (),
        orders: Iterable[Order] = (),
        seen_fills: Collection[str] = (),
        last_day: DailyRecord | None = None,
        since: date | None = None,
        deposits: Decimal = ZERO,
        deposits_today: Decimal = ZERO,
        cash: Decimal | None = None,
        paid_in: Decimal | None = None,
        began_at: datetime | None = None,
        movements: Iterable[str] = (),
        flows: Iterable[CashFlow] = (),
    ) -> None:
        """``since`` is the first UTC day, where no day is over.

        ``deposits`` are those of the days that are over. ``cash`` and ``paid_in`` are as the
        journal last said; where it is from before it did, they are added up. ``movements`` of cash
        were counted before, and ``flows`` since.
        """
        added = starting_balance + deposits + deposits_today
        self.paid_in = added if paid_in is None else paid_in
        """Dollars that trading did not earn: what it began with, and deposits since."""
        self.tracker = Tracker(mode, added, trades, seen_fills)
        if cash is not None:
            self.tracker.cash = cash
        self.orders = {order.intent.intent_id: order for order in orders}
        self.starting_balance = starting_balance
        self.day = since if last_day is None else last_day.day + timedelta(days=1)
        opening = starting_balance if last_day is None else last_day.closing_balance
        self.opening_balance = opening + deposits_today
        """The day's, and what was paid in since: what a day loss is counted from."""
        self.deposits_today = deposits_today
        """Dollars that came in since UTC midnight, less what left, otherwise than by trading."""
        self.counts_from_at = began_at
        """Cash that moved before was in what the books began with, or were last set to."""
        self.movements = set(movements)
        """Movements of cash that were counted, by name."""
        for flow in flows:
            self._note(flow)

    def approve(self, approved: Approved) -> None:
        """Count the orders of ``approved`` as on their way."""
        for intent in approved.intents:
            # One known already is further on than new: it was sent, or was over, before.
            self.orders.setdefault(intent.intent_id, Order(intent))

    def update(self, update: OrderUpdate) -> tuple[Order | Alarm, ...]:
        """Move an order on; an order we do not know is cause for alarm.

        What is told again, as after every new connection, changes nothing; what went wrong again
        is told again.
        """
        before = self.orders.get(update.intent_id)
        if before is None:
            text = f"a report of order {update.intent_id}, which is not ours: {update.reason}"
            return (Alarm("unknown_order", text),)
        order = before if update.count is None else before.limited(update.count)
        after = order.step(
            update.step,
            order_id=update.order_id,
            reported=update.filled,
            reason=update.reason,
            is_correction=update.is_correction,
        )
        if after == before and not update.is_error:
            return ()
        self.orders[update.intent_id] = after
        return (after,)

    def fill(self, fill: Fill) -> tuple[Trade | Order | Alarm, ...]:
        """Count a fill of an order that we follow, once, as the exchange says.

        One that is more than was ordered, or than there was to reduce, is cause for alarm: somebody
        else trades with this account.
        """
        order = self.orders[fill.intent_id]
        if self.tracker.has_seen(fill):
            return ()
        after = order.fill(fill.count)
        self.orders[fill.intent_id] = after
        trades = self.tracker.fill(replace(fill, received_at=self._booked(fill)), order.intent)
        meant_for = self.tracker.trades.get(order.intent.trade_id)
        if meant_for is not None and meant_for.settled_value is not None:
            return (*trades, after)  # told after the settlement: all was sold in good time
        return (*trades, after, *_beyond(order, after, trades))

    def settle(self, settlement: Settlement) -> tuple[Trade, ...]:
        """Pay out what is held in the settled market."""
        return self.tracker.settle(replace(settlement, received_at=self._booked(settlement)))

    def turn_day(
        self, at: datetime, books: Mapping[str, Book], *, halts: int = 0
    ) -> tuple[DailyRecord, ...]:
        """Close the books of the UTC day before ``at``, if that day is not today's.

        ``halts`` is how often the kill switch went off that day.
        """
        self.counts_from_at = self.counts_from_at or at
        today = at.date()
        if self.day is not None and self.day >= today:
            return ()
        first, self.day = self.day, today
        equity = self.tracker.equity(books)
        if first is None:
            return ()
        records = [self._record(first, equity, halts)]
        # Days that nobody lived through have records too: the next start knows that they are over.
        while records[-1].day + DAY < today:
            records.append(self._record(records[-1].day + DAY, equity, 0))
        self._forget_done_orders(at)
        return tuple(records)

    def _record(self, day: date, equity: Decimal, halts: int) -> DailyRecord:
        done = performance(closed_on(self.tracker.trades.values(), day))
        record = DailyRecord(
            day=day,
            mode=self.tracker.mode,
            opening_balance=self.opening_balance - self.deposits_today,
            closing_balance=equity,
            realised=done.pnl,
            fees=done.fees,
            wins=done.wins,
            losses=done.losses,
            halts=halts,
            deposits=self.deposits_today,
        )
        self.opening_balance, self.deposits_today = equity, ZERO
        return record

    def deposit(self, flow: CashFlow) -> CashFlow:
        """Count dollars that came in, or left, otherwise than by trading."""
        self._note(flow)
        self.tracker.cash += flow.amount
        self.paid_in += flow.amount
        self.opening_balance += flow.amount
        self.deposits_today += flow.amount
        return flow

    def is_new_movement(self, movement: CashMovement) -> bool:
        """Whether cash moved since our books began, and we did not count it yet.

        What undoes a movement that was never counted undoes nothing.
        """
        if movement.movement_id in self.movements:
            return False
        if movement.reverses and movement.reverses not in self.movements:
            return False
        return self.counts_from_at is None or movement.valid_at >= self.counts_from_at

    def _note(self, flow: CashFlow) -> None:
        if flow.movement_id:
            self.movements.add(flow.movement_id)
        else:
            self.counts_from_at = flow.received_at

    def entries(self) -> tuple[Order, ...]:
        """Orders that may still add to our risk."""
        return tuple(o for o in self.orders.values() if o.is_live and not o.intent.reduces)

    def structure(self, name: str) -> tuple[Order, ...]:
        """The order of this name, ours or the exchange's, first; then its bracket's other entries.

        None where there is none of that name.
        """
        found = self.orders.get(name) or next(
            (order for order in self.orders.values() if order.order_id == name), None
        )
        if found is None:
            return ()
        bracket_id = found.intent.bracket_id
        others = (
            order
            for order in self.orders.values()
            if bracket_id is not None
            and order.intent.bracket_id == bracket_id
            and order.intent.reduces == found.intent.reduces
            and order is not found
        )
        return (found, *others)

    def pending_sales(self, trade_id: str) -> Decimal:
        """Contracts of a trade that live orders are already selling."""
        return sum(
            (
                order.pending
                for order in self.orders.values()
                if order.intent.reduces and order.intent.trade_id == trade_id
            ),
            ZERO,
        )

    def _booked(self, event: Fill | Settlement) -> datetime:
        """When an event counts: not in a day whose books are closed, however late it is handled."""
        if self.day is None or event.received_at.date() >= self.day:
            return event.received_at
        return datetime.combine(self.day, time(), tzinfo=UTC)

    def _forget_done_orders(self, at: datetime) -> None:
        self.orders = {
            intent_id: order
            for intent_id, order in self.orders.items()
            if order.is_live or order.intent.created_at > at - KEEP_DONE_ORDERS
        }


def pending_cost(order: Order) -> Decimal:
    """Dollars that the contracts still on their way may cost, fees included."""
    return order.intent.cost_limit * order.pending / order.intent.count


def _beyond(before: Order, after: Order, trades: tuple[Trade, ...]) -> tuple[Alarm, ...]:
    intent = before.intent
    if intent.adopted:
        return ()
    if after.intent.count > intent.count:
        text = f"{intent.ticker}: {after.filled} contracts of an order for {intent.count} traded"
        return (Alarm("filled_beyond_order", text),)
    if intent.reduces and any(trade.trade_id != intent.trade_id for trade in trades):
        text = f"{intent.ticker}: a sale of ours found less to sell than it was meant for"
        return (Alarm("sold_beyond_position", text),)
    return ()
