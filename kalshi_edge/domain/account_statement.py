"""The exchange's word on our account, to hold our own books against."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_edge.domain.orders import Side


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """The exchange's word on one order."""

    order_id: str
    intent_id: str
    """Ours, where we gave it one; its own id for an order placed elsewhere."""
    ticker: str
    side: Side
    price: Decimal
    """Dollars per YES contract."""
    filled: Decimal
    resting: Decimal
    """Contracts that wait in the book; none where the order is over."""
    reason: str = ""
    """Why it is over, where the exchange says so."""

    @property
    def rests(self) -> bool:
        """Whether it can still trade."""
        return self.resting > 0


@dataclass(frozen=True, slots=True)
class Holding:
    """What we hold of one market by the exchange's books."""

    ticker: str
    count: Decimal
    """YES contracts; below 0 they are NO contracts."""
    cost: Decimal
    """Dollars that it cost."""


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """Cash, positions and recent orders as the exchange has them.

    Its answers trail the matching by about a second: they are complete up to ``as_of``.
    """

    as_of: datetime
    received_at: datetime
    cash: Decimal
    """Dollars."""
    holdings: tuple[Holding, ...]
    """Of markets that are not settled yet."""
    orders: tuple[StatedOrder, ...]
    """Those that rest, and those that were over not long ago."""
    since_at: datetime | None = None
    """From when on orders are listed."""
