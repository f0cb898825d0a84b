"""The exchange's word on our account, to hold our own books against."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.orders import OrderReport


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
    orders: tuple[OrderReport, ...]
    """Those that rest, and those that were over not long ago."""
    since_at: datetime | None = None
    """From when on orders are listed."""
    unreadable: tuple[str, ...] = ()
    """Rows that could not be read, each as kind, name and reason (``order <id>: no price``).

    Where there are any the statement is not complete: what is missing in it may be one of them.
    """

    clock_lead: timedelta = timedelta()
    """How far our clock was ahead of the exchange's, where they were seen to differ."""

    @property
    def complete_at(self) -> datetime:
        """``as_of`` by our own clock, which is what all that happened here is dated by."""
        return self.as_of + self.clock_lead

    @property
    def is_complete(self) -> bool:
        """Whether every row of it could be read."""
        return not self.unreadable
