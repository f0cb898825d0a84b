"""A member of the sandbox's exchange as the executor sees it: requests go straight to the desk."""

from dataclasses import dataclass, field
from decimal import Decimal

from kalshi_edge.domain.orders import Intent, Order, OrderReport
from kalshi_edge.errors import OrderRejected
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.rest.rate_limits import CANCEL_COST, DEFAULT_COST
from kalshi_sandbox.exchange.venue.accounts import Account, NewOrder, VenueOrder
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.exchange.venue.order_entry_rules import OrderEntry


@dataclass(slots=True)
class Member:
    """One account at ``desk``; counts what its writes would be charged.

    Answers come at once, and the exchange's own news of the same comes through the feed.
    """

    desk: OrderEntry
    account: Account
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    """By our name for it."""
    writes: list[tuple[float, float]] = field(default_factory=list)
    """Every write: when, in Unix seconds, and its tokens."""

    async def place(self, intent: Intent) -> OrderReport:
        """Send an order; ``OrderRejected`` where the exchange refuses it."""
        self._wrote(DEFAULT_COST)
        new = NewOrder(
            ticker=intent.ticker,
            side=intent.side,
            price=intent.limit_price,
            count=intent.count,
            time_in_force=intent.time_in_force,
            client_order_id=intent.intent_id,
            expires_at=intent.expires_at,
            post_only=intent.post_only,
            cancel_on_pause=True,
        )
        try:
            placed = self.desk.place(self.account, new)
        except Refusal as no:
            raise OrderRejected(f"{intent.ticker}: {no}") from no
        self.orders[intent.intent_id] = placed.order
        return intent.report(placed.order.order_id, placed.filled, placed.order.remaining)

    async def cancel(self, order: Order) -> Decimal:
        """Take an order out; the contracts taken back, none where it was over."""
        self._wrote(CANCEL_COST)
        assert order.order_id is not None
        try:
            return self.desk.cancel(self.account, order.order_id)[1]
        except Refusal:
            return ZERO

    async def resolve(self, intent: Intent, *, resend: bool) -> OrderReport:  # noqa: ARG002
        """Every answer arrives here, so nothing is ever in doubt."""
        order = self.orders.get(intent.intent_id)
        if order is None:
            raise OrderRejected(f"{intent.ticker}: the order never arrived")
        return intent.report(order.order_id, order.filled, order.remaining)

    def _wrote(self, tokens: float) -> None:
        self.writes.append((self.desk.venue.now.timestamp(), tokens))
