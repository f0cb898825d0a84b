"""What the exchange tells whoever listens, the moment it happens."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.orders import Side
from kalshi_sandbox.exchange.venue.accounts import Account, OrderGroup, VenueFill, VenueOrder
from kalshi_sandbox.exchange.venue.ledger import Position
from kalshi_sandbox.exchange.venue.records import Trade, VenueEvent, VenueMarket


@dataclass(frozen=True, slots=True)
class BookChanged:
    """One action changed a book: contracts added or taken, by side and price."""

    market: VenueMarket
    changes: dict[tuple[Side, Decimal], Decimal]
    cause: VenueOrder | None
    """The order whose owner did it, where there is one."""


@dataclass(frozen=True, slots=True)
class QuotesChanged:
    """A market's best prices, last trade or open interest are others than before."""

    market: VenueMarket


@dataclass(frozen=True, slots=True)
class Traded:
    """Contracts changed hands."""

    trade: Trade


@dataclass(frozen=True, slots=True)
class Filled:
    """A member's order traded."""

    fill: VenueFill


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """A member's order was accepted, changed or is over."""

    order: VenueOrder


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A member's position changed."""

    account: Account
    position: Position


@dataclass(frozen=True, slots=True)
class CashChanged:
    """A member's balance changed without a trade; the stream has no word for it."""

    account: Account


@dataclass(frozen=True, slots=True)
class MarketChanged:
    """A step in a market's life, in the exchange's word."""

    market: VenueMarket
    step: str


@dataclass(frozen=True, slots=True)
class EventListed:
    """A new ladder."""

    event: VenueEvent


@dataclass(frozen=True, slots=True)
class FeesChanged:
    """An event's own fees were set or cleared."""

    event: VenueEvent


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """A step in an order group's life, in the exchange's word."""

    group: OrderGroup
    step: str


VenueChange: TypeAlias = (
    BookChanged
    | QuotesChanged
    | Traded
    | Filled
    | OrderChanged
    | PositionChanged
    | CashChanged
    | MarketChanged
    | EventListed
    | FeesChanged
    | GroupChanged
)
