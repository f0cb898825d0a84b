"""The account in time: orders on their way, the tracker, the UTC day and the kill switch.

What has been approved counts as spent until the exchange says that it is not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, Order, Settlement
from kalshi_edge.domain.records import Cause, DailyRecord, Hold, Switch, SwitchState, Trade
from kalshi_edge.domain.verdicts import Alarm, Approved, CashFlow
from kalshi_edge.portfolio.performance import closed_on, performance
from kalshi_edge.portfolio.tracker import Tracker
from kalshi_edge.units import ZERO

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
        switch: Switch | None = None,
        last_day: DailyRecord | None = None,
        since: date | None = None,
        halts: int = 0,
        deposits: Decimal = ZERO,
        deposits_today: Decimal = ZERO,
    ) -> None:
        """``since`` is the first UTC day, where no day is over; ``halts`` are those of today.

        ``deposits`` are those of the days that are over.
        """
        paid_in = starting_balance + deposits + deposits_today
        self.tracker = Tracker(mode, paid_in, trades, seen_fills)
        self.paid_in = paid_in
        """Dollars that trading did not earn: what it began with, and deposits since."""
        self.orders = {order.intent.intent_id: order for order in orders}
        self.switch = switch
        self.starting_balance = starting_balance
        self.day = since if last_day is None else last_day.day + timedelta(days=1)
        opening = starting_balance if last_day is None else last_day.closing_balance
        self.opening_balance = opening + deposits_today
        """The day's, and what was paid in since: what a day loss is counted from."""
        self._halts = halts
        self._deposits = deposits_today

    def approve(self, approved: Approved) -> None:
        """Count the orders of ``approved`` as on their way."""
        for intent in approved.intents:
            # One known already is further on than new: it was sent, or was over, before.
            self.orders.setdefault(intent.intent_id, Order(intent))

    def update(self, update: OrderUpdate) -> tuple[Order | Alarm, ...]:
        """Move an order on; an order we do not know is cause for alarm.

        What is told again, as after every new connection, is no news; what went wrong again is.
        """
        before = self.orders.get(update.intent_id)
        if before is None:
            return (Alarm("unknown_order", f"news of order {update.intent_id}, which is not ours"),)
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
        """Count a fill, once; one of an order we do not know is cause for alarm.

        Raises ``StateError`` for a fill that cannot be, and then nothing has changed.
        """
        if self.tracker.has_seen(fill):
            return ()
        order = self.orders.get(fill.intent_id)
        if order is None:
            text = f"{fill.ticker}: {fill.count} contracts of order {fill.intent_id}, not ours"
            return (Alarm("unknown_fill", text),)
        if order.intent.adopted:
            grown = replace(order.intent, count=max(order.intent.count, order.filled + fill.count))
            after = replace(order, intent=grown).fill(fill.count)
            self.orders[fill.intent_id] = after
            return (*self.tracker.adopted_fill(fill, order.intent), after)
        after = order.fill(fill.count)
        trade = self.tracker.fill(fill, order.intent)
        assert trade is not None  # it was not seen before
        self.orders[fill.intent_id] = after
        return (trade, after)

    def settle(self, settlement: Settlement) -> tuple[Trade, ...]:
        """Pay out what is held in the settled market."""
        return self.tracker.settle(settlement)

    def turn_day(self, at: datetime, books: Mapping[str, Book]) -> tuple[DailyRecord | Switch, ...]:
        """Close the books of the UTC day before ``at``, if that day is not today's."""
        today = at.date()
        if self.day is not None and self.day >= today:
            return ()
        closed, self.day = self.day, today
        equity = self.tracker.equity(books)
        if closed is None:
            return ()
        done = performance(closed_on(self.tracker.trades.values(), closed))
        record = DailyRecord(
            day=closed,
            mode=self.tracker.mode,
            opening_balance=self.opening_balance - self._deposits,
            closing_balance=equity,
            realised=done.pnl,
            fees=done.fees,
            wins=done.wins,
            losses=done.losses,
            halts=self._halts,
            deposits=self._deposits,
        )
        self.opening_balance, self._halts, self._deposits = equity, 0, ZERO
        self._forget_done_orders(at)
        return (record, *self._released(at))

    def hold(self, hold: Hold) -> Switch:
        """Hold trading back."""
        self.switch = self.switch_at(hold.since_at).with_hold(hold)
        self._halts += 1
        return self.switch

    def lift(self, causes: Collection[Cause], reason: str, at: datetime) -> Switch:
        """Lift what ``causes`` hold back; what others hold back stays."""
        self.switch = self.switch_at(at).without(causes, reason, at)
        return self.switch

    def deposit(self, flow: CashFlow) -> CashFlow:
        """Count dollars that came in, or left, otherwise than by trading."""
        self.tracker.cash += flow.amount
        self.paid_in += flow.amount
        self.opening_balance += flow.amount
        self._deposits += flow.amount
        return flow

    @property
    def halts(self) -> int:
        """How often the kill switch went off today."""
        return self._halts

    def switch_at(self, at: datetime) -> Switch:
        """The kill switch as it stands; one never thrown lets trading run."""
        return self.switch or Switch(SwitchState.RUN, "never thrown", at)

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

    def _released(self, at: datetime) -> tuple[Switch, ...]:
        switch = self.switch
        if switch is None or all(hold.holds(at) for hold in switch.holds):
            return ()
        return (self.lift((), f"over at {at:%Y-%m-%d %H:%M}Z", at),)

    def _forget_done_orders(self, at: datetime) -> None:
        self.orders = {
            intent_id: order
            for intent_id, order in self.orders.items()
            if order.is_live or order.intent.created_at > at - KEEP_DONE_ORDERS
        }


def pending_cost(order: Order) -> Decimal:
    """Dollars that the contracts still on their way may cost, fees included."""
    return order.intent.cost_limit * order.pending / order.intent.count
