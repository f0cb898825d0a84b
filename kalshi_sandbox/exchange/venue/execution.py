"""What follows from a match: trades, fills, fees, positions, depth, and who is told of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.orders import Side
from kalshi_edge.execution.matching import Match, MatchOutcome, Reason
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.venue.accounts import OrderGroup, VenueFill, VenueOrder
from kalshi_sandbox.exchange.venue.events import (
    BookChanged,
    Filled,
    GroupChanged,
    OrderChanged,
    PositionChanged,
    QuotesChanged,
    Traded,
)
from kalshi_sandbox.exchange.venue.ledger import cost_to_holder
from kalshi_sandbox.exchange.venue.records import Trade, VenueMarket
from kalshi_sandbox.exchange.venue.venue import Venue

GROUP_WINDOW = timedelta(seconds=15)


@dataclass(slots=True)
class Action:
    """One change of one market, collected so that it is told as one."""

    market: VenueMarket
    cause: VenueOrder | None
    changes: dict[tuple[Side, Decimal], Decimal] = field(default_factory=dict)
    trades: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    groups: dict[str, OrderGroup] = field(default_factory=dict)
    """Those whose orders traded."""

    def change(self, order: VenueOrder, by: Decimal) -> None:
        """Note that ``by`` contracts of a resting order have come or gone."""
        side, price = order.side, order.price
        order.account.offered += by * cost_to_holder(side, price)
        depth = self.market.depth[side]
        count = depth.get(price, ZERO) + by
        if count > ZERO:
            depth[price] = count
        else:
            del depth[price]
        self.changes[side, price] = self.changes.get((side, price), ZERO) + by


class Execution:
    """Carries out on the venue what the matching engine has decided."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    # --- orders and their trades ----------------------------------------------------------------

    def accept(self, order: VenueOrder) -> None:
        """Take an order into the records; it burns its client order id."""
        account = order.account
        self.venue.orders[order.order_id] = order
        account.resting_in(order.market)[order.order_id] = order
        self.watch_expiry(order)
        if account.is_house:
            return
        account.orders[order.order_id] = order
        if order.client_order_id:
            account.client_ids.add(order.client_order_id)

    def apply(
        self, order: VenueOrder, outcome: MatchOutcome, action: Action | None = None
    ) -> tuple[VenueFill, ...]:
        """Do what the engine decided on ``order``, told as one with ``action``; its fills."""
        action = action or Action(order.market, order)
        fills = tuple(self._trade(order, match, action) for match in outcome.matches)
        for withdrawal in outcome.withdrawn:
            gone = self.venue.orders[withdrawal.order.order_id]
            if gone is not order:
                action.change(gone, -gone.remaining)
            reason = "" if withdrawal.reason is Reason.UNFILLED else withdrawal.reason
            self.finish(gone, reason)
        if outcome.resting > ZERO:
            action.change(order, outcome.resting)
            if not fills:
                self._tell_order(order)
        self.close(action)
        for group in action.groups.values():
            self.check_group(group)
        return fills

    def _trade(self, taker: VenueOrder, match: Match, action: Action) -> VenueFill:
        venue, market = self.venue, taker.market
        maker = venue.orders[match.maker.order_id]
        seq = venue.next_number()
        trade = Trade(
            seq,
            venue.new_id("trade", seq),
            market,
            match.price,
            match.count,
            taker.side,
            venue.now,
        )
        venue.trades.append(trade)
        market.trades.append(trade)
        market.last_price, market.last_count = trade.price, trade.count
        market.volume += trade.count
        market.turnover += trade.price * trade.count
        action.change(maker, -trade.count)
        action.trades.append((trade.price, trade.count))
        venue.tell(Traded(trade))
        for order in (maker, taker):
            if order.group is not None:
                order.group.matched.append((venue.now, trade.count))
                action.groups[order.group.group_id] = order.group
        self._fill(maker, trade, is_taker=False)
        return self._fill(taker, trade, is_taker=True)

    def _fill(self, order: VenueOrder, trade: Trade, *, is_taker: bool) -> VenueFill:
        account, market = order.account, order.market
        fee = ZERO
        if not market.is_waived(trade.at):
            fee, order.fees = order.fees.charge(
                order.side, trade.price, trade.count, is_taker=is_taker
            )
        position = account.position_in(market, trade.at)
        before = max(position.count, ZERO)
        account.cash += position.trade(order.side, trade.price, trade.count) - fee
        market.open_interest += max(position.count, ZERO) - before
        position.fees += fee
        position.updated_at = trade.at
        self.venue.fees += fee
        order.filled += trade.count
        order.remaining -= trade.count
        seq = self.venue.next_number()
        fill = VenueFill(seq, trade.trade_id, order, trade, is_taker, fee, position.count)
        self._count_cost(order, trade, fee, is_taker=is_taker)
        if order.remaining == ZERO:
            self._drop(order)
            order.status = "executed"
        order.updated_at, order.reason = trade.at, "Trade"
        if not account.is_house:
            account.fills.append(fill)
            self.venue.tell(Filled(fill))
            self.venue.tell(OrderChanged(order))
            self.venue.tell(PositionChanged(account, position))
        return fill

    def _count_cost(self, order: VenueOrder, trade: Trade, fee: Decimal, *, is_taker: bool) -> None:
        cost = cost_to_holder(order.side, trade.price) * trade.count
        if is_taker:
            order.taker_cost += cost
            order.taker_fees += fee
        else:
            order.maker_cost += cost
            order.maker_fees += fee

    # --- orders that leave ----------------------------------------------------------------------

    def withdraw(self, order: VenueOrder, reason: str) -> Decimal:
        """Take a resting order out of its book; the contracts that took back."""
        left = order.remaining
        action = Action(order.market, order)
        order.market.book.cancel(order.order_id)
        action.change(order, -left)
        self.finish(order, reason)
        self.close(action)
        return left

    def finish(self, order: VenueOrder, reason: str) -> None:
        """Cancel an order that the engine does not hold any more."""
        self._drop(order)
        order.status, order.remaining = "canceled", ZERO
        self.touch(order, reason)

    def _drop(self, order: VenueOrder) -> None:
        self.venue.orders.pop(order.order_id, None)
        order.account.resting_in(order.market).pop(order.order_id, None)

    def touch(self, order: VenueOrder, reason: str) -> None:
        """Note that an order has changed, and tell its owner."""
        order.updated_at, order.reason = self.venue.now, reason
        self._tell_order(order)

    def _tell_order(self, order: VenueOrder) -> None:
        if not order.account.is_house:
            self.venue.tell(OrderChanged(order))

    def watch_expiry(self, order: VenueOrder) -> None:
        """Have an order taken out when its time is up."""
        expires_at = order.expires_at
        if expires_at is not None:
            self.venue.schedule(expires_at, lambda: self._expire(order, expires_at))

    def _expire(self, order: VenueOrder, at: datetime) -> None:
        if order.order_id in self.venue.orders and order.expires_at == at:
            self.withdraw(order, Reason.EXPIRY)

    def close(self, action: Action) -> None:
        """Note and tell what one action did to a market."""
        venue, market = self.venue, action.market
        changes = {place: by for place, by in action.changes.items() if by != ZERO}
        if changes:
            market.clock = venue.next_number()
            venue.tell(BookChanged(market, changes, action.cause))
        if changes or action.trades:
            market.candles.record(
                venue.now, market.bid, market.ask, market.open_interest, action.trades
            )
            venue.tell(QuotesChanged(market))

    # --- order groups ---------------------------------------------------------------------------

    def check_group(self, group: OrderGroup) -> None:
        """Trigger a group whose limit has been reached within the window."""
        matched = group.matched_since(self.venue.now - GROUP_WINDOW)
        if matched >= group.limit and not group.is_triggered:
            self.trigger_group(group)

    def trigger_group(self, group: OrderGroup) -> None:
        """Cancel a group's orders and refuse new ones until it is reset."""
        group.is_triggered = True
        self.venue.tell(GroupChanged(group, "triggered"))
        self.cancel_group(group)

    def cancel_group(self, group: OrderGroup) -> None:
        """Take out a group's orders."""
        for order in group.account.all_resting():
            if order.group is group:
                self.withdraw(order, "")
