"""A member's portfolio as REST shows it: a little behind the matching engine, if told to be.

Every change is noted as a snapshot with its instant; a read sees those that are old enough. The
stream is ahead of it, as it is at the exchange.
"""

from collections import deque
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_sandbox.exchange.venue.accounts import Account, VenueOrder
from kalshi_sandbox.exchange.venue.events import (
    CashChanged,
    Filled,
    OrderChanged,
    PositionChanged,
    VenueChange,
)
from kalshi_sandbox.exchange.venue.ledger import Position
from kalshi_sandbox.exchange.venue.venue import Venue


@dataclass(slots=True)
class PortfolioView:
    """What REST knows of one account by now."""

    cash: Decimal
    updated_at: datetime
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    """By order id, oldest first."""
    positions: dict[str, Position] = field(default_factory=dict)
    fills: int = 0
    """How many of the account's fills are visible."""
    settlements: int = 0


@dataclass(frozen=True, slots=True)
class _Change:
    at: datetime
    snapshot: VenueOrder | Position | None
    cash: Decimal
    fills: int
    settlements: int


class PortfolioViews:
    """Every account's view, ``lag`` behind."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.lag = timedelta()
        self._views: dict[str, PortfolioView] = {}
        self._changes: dict[str, deque[_Change]] = {}
        venue.listen(self._note)

    @property
    def as_of(self) -> datetime:
        """Up to when views are complete."""
        return self.venue.now - self.lag

    def of(self, account: Account) -> PortfolioView:
        """An account's portfolio as REST shows it now."""
        view = self._views.get(account.user_id)
        if view is None:
            opening = PortfolioView(account.deposited, account.opened_at)
            view = self._views[account.user_id] = opening
        changes = self._changes.get(account.user_id)
        while changes and changes[0].at <= self.as_of:
            _apply(view, changes.popleft())
        return view

    def _note(self, news: VenueChange) -> None:
        match news:
            case OrderChanged(order):
                self._add(order.account, order)
            case PositionChanged(account, position):
                self._add(account, position)
            case Filled(fill):
                self._add(fill.order.account, fill.order)
            case CashChanged(account):
                self._add(account, None)
            case _:
                pass

    def _add(self, account: Account, changed: VenueOrder | Position | None) -> None:
        counts = len(account.fills), len(account.settlements)
        change = _Change(self.venue.now, copy(changed), account.cash, *counts)
        self._changes.setdefault(account.user_id, deque()).append(change)


def _apply(view: PortfolioView, change: _Change) -> None:
    match change.snapshot:
        case VenueOrder() as order:
            view.orders[order.order_id] = order
        case Position() as position:
            view.positions[position.market.ticker] = position
        case None:
            pass
    view.cash, view.updated_at = change.cash, change.at
    view.fills, view.settlements = change.fills, change.settlements
