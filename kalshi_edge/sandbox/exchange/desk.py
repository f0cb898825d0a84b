"""Taking orders: what is refused and why, what trades, what it costs, who is told.

The matching is the core's; this is what surrounds it: funds, fees, reduce-only, order groups,
burnt client ids, and the rule that after the close nothing can be done, not even cancel.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.errors import OrderRejected
from kalshi_edge.sandbox.exchange.ledger import Claim, collateral, cost_to_holder
from kalshi_edge.sandbox.exchange.news import (
    BookChanged,
    Filled,
    GroupChanged,
    OrderChanged,
    PositionChanged,
    QuotesChanged,
    Traded,
)
from kalshi_edge.sandbox.exchange.orders import Account, NewOrder, OrderGroup, VenueFill, VenueOrder
from kalshi_edge.sandbox.exchange.records import Trade, VenueMarket
from kalshi_edge.sandbox.exchange.refusal import Refusal, bad_request, invalid_order, not_found
from kalshi_edge.sandbox.exchange.venue import Pause, Venue
from kalshi_edge.trading.fees import OrderFees, fee_regime
from kalshi_edge.trading.matching import LimitOrder, Match, Outcome, Reason
from kalshi_edge.units import CENT, ZERO

REDUCE_ONLY = "ReduceOnlyCancel"
GROUP_WINDOW = timedelta(seconds=15)

_ANY_FEES = 3
"""Times an order's cost: more than it with any fee, were it a hundredth of a contract at a cent."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of an order at once: its fills, and what is left of it in the book."""

    order: VenueOrder
    fills: tuple[VenueFill, ...]

    @property
    def filled(self) -> Decimal:
        """Contracts that traded."""
        return sum((fill.trade.count for fill in self.fills), ZERO)

    @property
    def average_price(self) -> Decimal:
        """Dollars per YES contract, weighted by count; only where something filled."""
        return sum((f.trade.count * f.trade.price for f in self.fills), ZERO) / self.filled

    @property
    def average_fee(self) -> Decimal:
        """Dollars per contract; only where something filled."""
        return sum((fill.fee for fill in self.fills), ZERO) / self.filled


@dataclass(slots=True)
class _Action:
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


class Desk:
    """Where orders are brought."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue

    # --- requests -------------------------------------------------------------------------------

    def place(self, account: Account, new: NewOrder) -> Placement:
        """Accept an order and trade what can be traded. Raises ``Refusal``, changing nothing."""
        market = self._tradable(new.ticker)
        if new.client_order_id and new.client_order_id in account.client_ids:
            raise Refusal(409, "order_already_exists", new.client_order_id)
        self._check(market, new)
        group = self._open_group(account, new.group_id)
        count = new.count
        if new.reduce_only:
            count = min(count, account.position_in(market, self.venue.now).held(new.side))
        if count > ZERO:
            self._check_funds(account, market, new.side, new.price, count)
        order = self._new_order(account, market, new, group)
        if count == ZERO:
            self._accept(order)
            self._finish(order, REDUCE_ONLY)
            return Placement(order, ())
        limit = LimitOrder(
            order.order_id,
            account.user_id,
            new.side,
            new.price,
            count,
            time_in_force=new.time_in_force,
            post_only=new.post_only,
            self_trade=new.self_trade,
            expires_at=new.expires_at,
        )
        outcome = _matched(lambda: market.book.place(limit))
        self._accept(order)
        fills = self._apply(order, outcome)
        if order.status == "resting" and order.remaining != outcome.resting:
            self._finish(order, REDUCE_ONLY)
        return Placement(order, fills)

    def cancel(self, account: Account, order_id: str) -> tuple[VenueOrder, Decimal]:
        """Take an order out of the book; it and the contracts that took back.

        Raises ``Refusal`` 404 for an order that is not there or over, 400 after the close.
        """
        order = self._resting(account, order_id)
        self._manageable(order.market)
        return order, self._withdraw(order, "")

    def cancel_all(self, account: Account) -> None:
        """Take out every order of a member that can still be taken out."""
        for orders in tuple(account.resting.values()):
            for order in tuple(orders.values()):
                if order.market.status in (MarketStatus.ACTIVE, MarketStatus.INACTIVE):
                    self._withdraw(order, "")

    def decrease(
        self,
        account: Account,
        order_id: str,
        *,
        by: Decimal | None = None,
        to: Decimal | None = None,
    ) -> VenueOrder:
        """Make an order smaller; it keeps its place. Raises ``Refusal``."""
        order = self._resting(account, order_id)
        self._manageable(order.market)
        if (by is None) == (to is None):
            raise bad_request("exactly one of reduce_by and reduce_to")
        less = by if by is not None else order.remaining - (to or ZERO)
        if less <= ZERO:
            raise invalid_order(f"a decrease by {less} contracts")
        if less >= order.remaining:
            self._withdraw(order, "Decrease")
            return order
        action = _Action(order.market, order)
        order.market.book.decrease(order_id, less)
        action.change(order, -less)
        order.remaining -= less
        self._touch(order, "Decrease")
        self._close(action)
        return order

    def amend(
        self,
        account: Account,
        order_id: str,
        *,
        price: Decimal,
        total: Decimal,
        expires_at: datetime | None,
        client_order_id: str | None = None,
    ) -> Placement:
        """Change an order's price, total count (filled and wanted) and expiry.

        Only a smaller count or another expiry keeps its place; a better price may trade. Raises
        ``Refusal``, changing nothing.
        """
        order = self._resting(account, order_id)
        market = self._tradable(order.market.ticker)
        remaining = total - order.filled
        if remaining <= ZERO:
            raise invalid_order(f"count {total}, of which {order.filled} are filled already")
        self._check_price(market, price)
        self._check_expiry(expires_at)
        is_renamed = client_order_id not in (None, order.client_order_id)
        if is_renamed and client_order_id in account.client_ids:
            raise Refusal(409, "order_already_exists", client_order_id or "")
        self._check_funds(account, market, order.side, price, remaining, instead_of=order)
        outcome = _matched(
            lambda: market.book.amend(order_id, price=price, count=remaining, expires_at=expires_at)
        )
        action = _Action(market, order)
        action.change(order, -order.remaining)
        if client_order_id:
            account.client_ids.add(client_order_id)
            order.client_order_id = client_order_id
        order.price, order.remaining, order.initial = price, remaining, total
        order.expires_at = expires_at
        self._touch(order, "Amend")
        self._watch_expiry(order)
        return Placement(order, self._apply(order, outcome, action))

    # --- what the clock and the operator do -----------------------------------------------------

    def sweep(self, market: VenueMarket, reason: str = Reason.CLOSE) -> None:
        """Take out everything that rests in a market."""
        for side in Side:
            for limit in market.book.orders(side):
                self._withdraw(self.venue.orders[limit.order_id], reason)

    def pause(self, pause: Pause) -> None:
        """Stop trading; orders that asked for it are cancelled, others rest on."""
        self.venue.paused = pause
        for order in tuple(self.venue.orders.values()):
            if order.asked.cancel_on_pause:
                self._withdraw(order, Reason.HALT)

    def resume(self) -> None:
        """Let trading go on."""
        self.venue.paused = None

    def reactivate(self, market: VenueMarket) -> None:
        """Let a halted market trade again, with an empty book."""
        self.venue.reactivate(market)
        self.sweep(market, Reason.HALT)

    def check_group(self, group: OrderGroup) -> None:
        """Trigger a group whose limit has been reached within the window."""
        matched = group.matched_since(self.venue.now - GROUP_WINDOW)
        if matched >= group.limit and not group.is_triggered:
            self.trigger(group)

    def trigger(self, group: OrderGroup) -> None:
        """Cancel a group's orders and refuse new ones until it is reset."""
        group.is_triggered = True
        self.venue.tell(GroupChanged(group, "triggered"))
        self.cancel_group(group)

    def cancel_group(self, group: OrderGroup) -> None:
        """Take out a group's orders."""
        for orders in tuple(group.account.resting.values()):
            for order in tuple(orders.values()):
                if order.group is group:
                    self._withdraw(order, "")

    # --- what is refused ------------------------------------------------------------------------

    def _tradable(self, ticker: str) -> VenueMarket:
        market = self.venue.market(ticker)
        if self.venue.paused is not None:
            raise Refusal(503, "trading_paused", "trading is paused")
        if market.status is not MarketStatus.ACTIVE:
            raise Refusal(400, "market_inactive", f"{ticker} is {market.status}")
        return market

    def _manageable(self, market: VenueMarket) -> None:
        if market.status not in (MarketStatus.ACTIVE, MarketStatus.INACTIVE):
            raise Refusal(400, "market_inactive", f"{market.ticker} is {market.status}")

    def _resting(self, account: Account, order_id: str) -> VenueOrder:
        order = self.venue.orders.get(order_id)
        if order is None or order.account is not account:
            raise not_found(f"order {order_id} not found")
        return order

    def _check(self, market: VenueMarket, new: NewOrder) -> None:
        self._check_price(market, new.price)
        if new.count <= ZERO or new.count % CENT != ZERO:
            raise invalid_order(f"count {new.count}, not in steps of {CENT}")
        waits = new.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        if new.expires_at is not None and not waits:
            raise invalid_order(f"expiration_time with {new.time_in_force}")
        self._check_expiry(new.expires_at)
        if new.reduce_only and new.time_in_force is not TimeInForce.IMMEDIATE_OR_CANCEL:
            raise invalid_order("reduce_only needs immediate_or_cancel")
        if new.post_only and not waits:
            raise invalid_order(f"post_only with {new.time_in_force}")

    def _check_price(self, market: VenueMarket, price: Decimal) -> None:
        if not market.is_on_grid(price):
            raise invalid_order(f"price {price} is not on the grid of {market.ticker}")

    def _check_expiry(self, expires_at: datetime | None) -> None:
        if expires_at is not None and expires_at <= self.venue.now:
            raise invalid_order(f"expiration_time {expires_at:%Y-%m-%dT%H:%M:%SZ} is past")

    def _open_group(self, account: Account, group_id: str | None) -> OrderGroup | None:
        if group_id is None:
            return None
        group = account.groups.get(group_id)
        if group is None:
            raise not_found(f"order group {group_id} not found")
        if group.is_triggered:
            raise invalid_order(f"order group {group_id} is triggered")
        return group

    def _check_funds(
        self,
        account: Account,
        market: VenueMarket,
        side: Side,
        price: Decimal,
        count: Decimal,
        *,
        instead_of: VenueOrder | None = None,
    ) -> None:
        if account.is_house:
            return
        best = market.ask if side is Side.BUY else market.bid
        crosses = best is not None and (price >= best if side is Side.BUY else price <= best)
        wanted = Claim(side, price, count, may_take=crosses)
        alone = collateral(ZERO, [wanted], market.event.fee_rule)
        if _ANY_FEES * account.offered + alone <= account.cash:
            return
        needed = self._reserve(account, market, [wanted], instead_of)
        for ticker in account.resting:
            if ticker != market.ticker:
                needed += self._reserve(account, self.venue.markets[ticker], [], None)
        if needed > account.cash:
            raise Refusal(400, "insufficient_balance", f"{needed} needed, {account.cash} there")

    def _reserve(
        self,
        account: Account,
        market: VenueMarket,
        wanted: list[Claim],
        instead_of: VenueOrder | None,
    ) -> Decimal:
        """Dollars that an account's orders in one market may cost, ``wanted`` among them."""
        resting = account.resting.get(market.ticker, {}).values()
        claims = wanted + [order.claim for order in resting if order is not instead_of]
        position = account.positions.get(market.ticker)
        held = ZERO if position is None else position.count
        return collateral(held, claims, market.event.fee_rule)

    # --- what follows from a match --------------------------------------------------------------

    def _new_order(
        self, account: Account, market: VenueMarket, new: NewOrder, group: OrderGroup | None
    ) -> VenueOrder:
        venue = self.venue
        seq = venue.next_number()
        return VenueOrder(
            seq=seq,
            order_id=venue.new_id("order", seq),
            account=account,
            market=market,
            asked=new,
            client_order_id=new.client_order_id,
            price=new.price,
            initial=new.count,
            remaining=new.count,
            fees=OrderFees(market.event.fee_rule, fee_regime(venue.now)),
            created_at=venue.now,
            updated_at=venue.now,
            expires_at=new.expires_at,
            group=group,
        )

    def _accept(self, order: VenueOrder) -> None:
        account = order.account
        self.venue.orders[order.order_id] = order
        account.resting_in(order.market)[order.order_id] = order
        self._watch_expiry(order)
        if account.is_house:
            return
        account.orders[order.order_id] = order
        if order.client_order_id:
            account.client_ids.add(order.client_order_id)

    def _apply(
        self, order: VenueOrder, outcome: Outcome, action: _Action | None = None
    ) -> tuple[VenueFill, ...]:
        action = action or _Action(order.market, order)
        fills = tuple(self._trade(order, match, action) for match in outcome.matches)
        for withdrawal in outcome.withdrawn:
            gone = self.venue.orders[withdrawal.order.order_id]
            if gone is not order:
                action.change(gone, -gone.remaining)
            reason = "" if withdrawal.reason is Reason.UNFILLED else withdrawal.reason
            self._finish(gone, reason)
        if outcome.resting > ZERO:
            action.change(order, outcome.resting)
            if not fills:
                self._tell_order(order)
        self._close(action)
        for group in action.groups.values():
            self.check_group(group)
        return fills

    def _trade(self, taker: VenueOrder, match: Match, action: _Action) -> VenueFill:
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
        fee, order.fees = order.fees.charge(order.side, trade.price, trade.count, is_taker=is_taker)
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

    def _withdraw(self, order: VenueOrder, reason: str) -> Decimal:
        """Take a resting order out of its book; the contracts that took back."""
        left = order.remaining
        action = _Action(order.market, order)
        order.market.book.cancel(order.order_id)
        action.change(order, -left)
        self._finish(order, reason)
        self._close(action)
        return left

    def _finish(self, order: VenueOrder, reason: str) -> None:
        self._drop(order)
        order.status, order.remaining = "canceled", ZERO
        self._touch(order, reason)

    def _drop(self, order: VenueOrder) -> None:
        self.venue.orders.pop(order.order_id, None)
        order.account.resting_in(order.market).pop(order.order_id, None)

    def _touch(self, order: VenueOrder, reason: str) -> None:
        order.updated_at, order.reason = self.venue.now, reason
        self._tell_order(order)

    def _tell_order(self, order: VenueOrder) -> None:
        if not order.account.is_house:
            self.venue.tell(OrderChanged(order))

    def _watch_expiry(self, order: VenueOrder) -> None:
        expires_at = order.expires_at
        if expires_at is not None:
            self.venue.schedule(expires_at, lambda: self._expire(order, expires_at))

    def _expire(self, order: VenueOrder, at: datetime) -> None:
        if order.order_id in self.venue.orders and order.expires_at == at:
            self._withdraw(order, Reason.EXPIRY)

    def _close(self, action: _Action) -> None:
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


def _matched(match: Callable[[], Outcome]) -> Outcome:
    try:
        return match()
    except OrderRejected as no:
        code, _, details = str(no).partition(": ")
        raise Refusal(400, code, details) from no
