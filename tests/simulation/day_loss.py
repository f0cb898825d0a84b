"""The day's loss by the exchange's own books, against the hold that it must, or must not, throw."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import Side
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.venue.accounts import Account
from kalshi_sandbox.exchange.venue.ledger import Position

SURE_AFTER = timedelta(minutes=7)
"""How long a loss must stand: frames may be lost, and a book may be old, for so long."""
SURELY = Decimal("1.25")
"""A loss of so many times its limit is beyond it by any book of the last minutes."""
HARDLY = Decimal("0.5")
COINS = Decimal("0.10")


@dataclass
class DayLoss:
    """Samples of the loss since the UTC day began, each while every position had a price."""

    account: Account
    share: Decimal
    """Of the opening balance that may be lost in a day."""
    now: Callable[[], datetime]
    _samples: deque[tuple[datetime, Decimal, Decimal]] = field(default_factory=deque)
    """Instant, loss and limit in dollars."""
    _opening_balance: Decimal = ZERO

    def sample(self, opening_balance: Decimal) -> None:
        """Look at the account as the exchange has it."""
        now = self.now()
        equity = self._equity()
        # Where the day began elsewhere, or its first balance is another, all is counted anew.
        if equity is None or opening_balance != self._opening_balance:
            self._samples.clear()
        self._opening_balance = opening_balance
        if equity is not None:
            loss = opening_balance - equity
            self._samples.append((now, loss, self.share * opening_balance))
        while self._samples and self._samples[0][0] < now - SURE_AFTER - timedelta(minutes=1):
            self._samples.popleft()

    def is_surely_beyond(self, since_at: datetime) -> bool:
        """Whether the loss has been beyond its limit all the time, since ``since_at`` too."""
        recent = self._lasting()
        if recent is None or since_at > recent[0][0]:
            return False
        return all(loss > limit * SURELY + COINS for _, loss, limit in recent)

    def is_surely_within(self) -> bool:
        """Whether the loss has been far from its limit all the time."""
        recent = self._lasting()
        return recent is not None and all(
            loss < limit * HARDLY - COINS for _, loss, limit in recent
        )

    def _lasting(self) -> list[tuple[datetime, Decimal, Decimal]] | None:
        if not self._samples or self._samples[0][0] > self.now() - SURE_AFTER:
            return None
        return list(self._samples)

    def _equity(self) -> Decimal | None:
        """Cash and what the books pay for all that is held; ``None`` where one pays nothing."""
        worth = self.account.cash
        for position in self.account.positions.values():
            if position.count:
                value = _value(position)
                if value is None:
                    return None
                worth += value
        return worth


def _value(position: Position) -> Decimal | None:
    market = position.market
    holds_yes = position.count > ZERO
    levels = market.depth[Side.BUY if holds_yes else Side.SELL]
    if market.status is not MarketStatus.ACTIVE or not levels:
        return None
    left, worth = abs(position.count), ZERO
    for price, count in sorted(levels.items(), reverse=holds_yes):
        taken = min(left, count)
        worth += taken * (price if holds_yes else 1 - price)
        left -= taken
    return worth
