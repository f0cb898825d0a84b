"""Accounts, their orders, fills and settlements as the exchange keeps them."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.execution.matching import SelfTrade
from kalshi_edge.trading.fees import OrderFees
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.venue.ledger import Claim, Position
from kalshi_sandbox.exchange.venue.records import Trade, VenueMarket


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as asked for; prices in dollars per YES contract."""

    ticker: str
    side: Side
    price: Decimal
    count: Decimal
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCELED
    self_trade: SelfTrade = SelfTrade.TAKER_AT_CROSS
    client_order_id: str = ""
    expires_at: datetime | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    group_id: str | None = None


@dataclass(slots=True, eq=False)
class VenueOrder:
    """An accepted order and how far it has come."""

    seq: int
    order_id: str
    account: "Account"
    market: VenueMarket
    asked: NewOrder
    client_order_id: str
    price: Decimal
    initial: Decimal
    remaining: Decimal
    fees: OrderFees
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    group: "OrderGroup | None" = None
    status: str = "resting"
    """``resting``, ``canceled`` or ``executed``."""
    reason: str = ""
    """Why it was last updated, as the exchange spells it; empty where it has no word."""
    filled: Decimal = ZERO
    taker_cost: Decimal = ZERO
    maker_cost: Decimal = ZERO
    taker_fees: Decimal = ZERO
    maker_fees: Decimal = ZERO

    @property
    def side(self) -> Side:
        """The side of the YES book that it joined."""
        return self.asked.side

    @property
    def claim(self) -> Claim:
        """What it may still cost while it rests."""
        return Claim(self.side, self.price, self.remaining)


@dataclass(frozen=True, slots=True)
class VenueFill:
    """One account's part in a trade."""

    seq: int
    fill_id: str
    order: VenueOrder
    trade: Trade
    is_taker: bool
    fee: Decimal
    position_after: Decimal


@dataclass(frozen=True, slots=True)
class VenueSettlement:
    """What an account was paid for one market."""

    seq: int
    market: VenueMarket
    yes_count: Decimal
    no_count: Decimal
    cost: Decimal
    payout: Decimal
    """Dollars, exact."""
    fees: Decimal
    """Dollars paid on the fills; settling itself costs nothing."""
    at: datetime


@dataclass(slots=True, eq=False)
class Payment:
    """Money that came or went without a trade; dollars, whole cents."""

    seq: int
    payment_id: str
    kind: str
    """``deposit``, ``withdrawal`` or ``transfer``."""
    amount: Decimal
    fee: Decimal
    method: str
    created_at: datetime
    status: str = "pending"
    """``pending``, ``applied``, ``failed`` or ``returned``."""
    finalized_at: datetime | None = None

    @property
    def change(self) -> Decimal:
        """What it does to the balance once it is final."""
        return (-self.amount if self.kind == "withdrawal" else self.amount) - self.fee


@dataclass(slots=True, eq=False)
class OrderGroup:
    """A breaker: contracts matched within 15 seconds reach the limit, and its orders are gone."""

    seq: int
    group_id: str
    account: "Account"
    limit: Decimal
    is_triggered: bool = False
    matched: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    """When how many contracts matched, oldest first."""

    def matched_since(self, at: datetime) -> Decimal:
        """Contracts matched after ``at``; what is older is forgotten."""
        while self.matched and self.matched[0][0] <= at:
            self.matched.popleft()
        return sum((count for _, count in self.matched), ZERO)


@dataclass(slots=True, eq=False)
class Account:
    """A member and everything that is theirs.

    The house's accounts (market makers, takers) trade on unlimited credit and keep no records
    but cash and positions.
    """

    user_id: str
    name: str
    cash: Decimal
    deposited: Decimal
    """What it opened with."""
    opened_at: datetime
    is_house: bool = False
    tier: str = "basic"
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    """All orders ever, by order id."""
    client_ids: set[str] = field(default_factory=set)
    """Burnt for ever, cancelled or not."""
    resting: dict[str, dict[str, VenueOrder]] = field(default_factory=dict)
    """Orders in the book, by market and order id."""
    fills: list[VenueFill] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    settlements: list[VenueSettlement] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    groups: dict[str, OrderGroup] = field(default_factory=dict)
    offered: Decimal = ZERO
    """Dollars that all resting orders would cost if each opened a position, without fees."""

    def resting_in(self, market: VenueMarket) -> dict[str, VenueOrder]:
        """Its orders in one market's book."""
        return self.resting.setdefault(market.ticker, {})

    def all_resting(self) -> tuple[VenueOrder, ...]:
        """Its orders in all books."""
        return tuple(order for orders in self.resting.values() for order in orders.values())

    def position_in(self, market: VenueMarket, at: datetime) -> Position:
        """Its position in a market, a new empty one where it never had any."""
        position = self.positions.get(market.ticker)
        if position is None:
            position = self.positions[market.ticker] = Position(market, at)
        return position
