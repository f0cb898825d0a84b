"""Where orders are brought: placed, amended, decreased, cancelled; by members, clock and operator.

The matching is the core's. A request is refused by ``admission`` or carried out by ``execution``;
after the close nothing can be done, not even cancel.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.orders import Side
from kalshi_edge.errors import OrderRejected
from kalshi_edge.execution.matching import LimitOrder, MatchOutcome, Reason
from kalshi_edge.trading.fees import OrderFees, fee_regime
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.venue.accounts import (
    Account,
    NewOrder,
    OrderGroup,
    VenueFill,
    VenueOrder,
)
from kalshi_sandbox.exchange.venue.admission import (
    check_client_id,
    check_expiry,
    check_funds,
    check_price,
    check_terms,
    is_manageable,
    manageable_order,
    open_group,
    resting_order,
    tradable,
)
from kalshi_sandbox.exchange.venue.errors import Refusal, bad_request, invalid_order
from kalshi_sandbox.exchange.venue.execution import Action, Execution
from kalshi_sandbox.exchange.venue.ledger import Claim
from kalshi_sandbox.exchange.venue.records import VenueMarket
from kalshi_sandbox.exchange.venue.venue import Pause, Venue

REDUCE_ONLY = "ReduceOnlyCancel"


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


class OrderEntry:
    """Takes requests one at a time. A ``Refusal`` has changed nothing."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.execution = Execution(venue)

    # --- what members ask -----------------------------------------------------------------------

    def place(self, account: Account, new: NewOrder) -> Placement:
        """Accept an order and trade what can be traded. Raises ``Refusal``."""
        market = tradable(self.venue, new.ticker)
        check_client_id(account, new.client_order_id)
        check_terms(market, new, self.venue.now)
        group = open_group(account, new.group_id)
        count = new.count
        if new.reduce_only:
            position = account.positions.get(market.ticker)
            count = min(count, ZERO if position is None else position.held(new.side))
        order = self._new_order(account, market, new, group)
        if count == ZERO:
            self.execution.accept(order)
            self.execution.finish(order, REDUCE_ONLY)
            return Placement(order, ())
        wanted = Claim(new.side, new.price, count, may_take=market.meets(new.side, new.price))
        check_funds(self.venue, account, market, wanted)
        limit = _limit_order(order, count)
        outcome = _matched(lambda: market.book.place(limit))
        self.execution.accept(order)
        fills = self.execution.apply(order, outcome)
        if order.status == "resting" and order.remaining != outcome.resting:
            self.execution.finish(order, REDUCE_ONLY)
        return Placement(order, fills)

    def cancel(self, account: Account, order_id: str) -> tuple[VenueOrder, Decimal]:
        """Take an order out of the book; it and the contracts that took back.

        Raises ``Refusal`` 404 for an order that is not there or over, 400 after the close.
        """
        order = manageable_order(self.venue, account, order_id)
        return order, self.execution.withdraw(order, "")

    def cancel_all(self, account: Account) -> None:
        """Take out every order of a member that can still be taken out."""
        for order in account.all_resting():
            if is_manageable(order.market):
                self.execution.withdraw(order, "")

    def decrease(
        self,
        account: Account,
        order_id: str,
        *,
        by: Decimal | None = None,
        to: Decimal | None = None,
    ) -> VenueOrder:
        """Make an order smaller; it keeps its place. Raises ``Refusal``."""
        order = manageable_order(self.venue, account, order_id)
        if (by is None) == (to is None):
            raise bad_request("exactly one of reduce_by and reduce_to")
        less = by if by is not None else order.remaining - (to or ZERO)
        if less <= ZERO:
            raise invalid_order(f"a decrease by {less} contracts")
        if less >= order.remaining:
            self.execution.withdraw(order, "Decrease")
            return order
        action = Action(order.market, order)
        order.market.book.decrease(order_id, less)
        action.change(order, -less)
        order.remaining -= less
        self.execution.touch(order, "Decrease")
        self.execution.close(action)
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
        ``Refusal``.
        """
        order = resting_order(self.venue, account, order_id)
        market = tradable(self.venue, order.market.ticker)
        remaining = total - order.filled
        if remaining <= ZERO:
            raise invalid_order(f"count {total}, of which {order.filled} are filled already")
        check_price(market, price)
        check_expiry(expires_at, self.venue.now)
        if client_order_id not in (None, order.client_order_id):
            check_client_id(account, client_order_id or "")
        wanted = Claim(order.side, price, remaining, may_take=market.meets(order.side, price))
        check_funds(self.venue, account, market, wanted, instead_of=order)
        outcome = _matched(
            lambda: market.book.amend(order_id, price=price, count=remaining, expires_at=expires_at)
        )
        action = Action(market, order)
        action.change(order, -order.remaining)
        if client_order_id:
            account.client_ids.add(client_order_id)
            order.client_order_id = client_order_id
        order.price, order.remaining, order.initial = price, remaining, total
        order.expires_at = expires_at
        self.execution.touch(order, "Amend")
        self.execution.watch_expiry(order)
        return Placement(order, self.execution.apply(order, outcome, action))

    # --- what the clock and the operator do -----------------------------------------------------

    def sweep(self, market: VenueMarket, reason: str = Reason.CLOSE) -> None:
        """Take out everything that rests in a market."""
        for side in Side:
            for limit in market.book.orders(side):
                self.execution.withdraw(self.venue.orders[limit.order_id], reason)

    def pause(self, pause: Pause) -> None:
        """Stop trading until the pause is over; others may be in force beside it.

        Orders that asked for it are cancelled, the rest stays where it is.
        """
        self.venue.pauses.append(pause)
        self.venue.schedule(pause.resumes_at, lambda: self.venue.pauses.remove(pause))
        for order in tuple(self.venue.orders.values()):
            if order.asked.cancel_on_pause:
                self.execution.withdraw(order, Reason.HALT)

    def reactivate(self, market: VenueMarket) -> None:
        """Let a halted market trade again, with an empty book."""
        self.venue.reactivate(market)
        self.sweep(market, Reason.HALT)

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


def _limit_order(order: VenueOrder, count: Decimal) -> LimitOrder:
    return LimitOrder(
        order.order_id,
        order.account.user_id,
        order.side,
        order.price,
        count,
        time_in_force=order.asked.time_in_force,
        post_only=order.asked.post_only,
        self_trade=order.asked.self_trade,
        expires_at=order.expires_at,
    )


def _matched(match: Callable[[], MatchOutcome]) -> MatchOutcome:
    try:
        return match()
    except OrderRejected as no:
        code, _, details = str(no).partition(": ")
        raise Refusal(400, code, details) from no
