"""How quotes are made, where entries are posted and not taken; and what they may write."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

PLACE_TOKENS, CANCEL_TOKENS = 10.0, 2.0
"""What the exchange's write budget is charged for an order and for its cancellation."""
WRITE_RATE_PER_S = 100.0
"""Tokens a second that an account of the lowest tier may write, and the most that it holds."""


@dataclass(frozen=True, slots=True)
class QuoteRules:
    """What holds for every quote."""

    margin: Decimal = Decimal("0.02")
    """Dollars per contract that a quote is better for us than fair, its fee included."""
    life: timedelta = timedelta(minutes=30)
    """How long a quote rests at most: should we fall silent, the exchange takes it out."""


class WriteBudget:
    """Tokens for quotes: a tenth of what the exchange lets an account write.

    Theory. One requote, a cancellation and an order, is 12 tokens, so that many are held; 9.8 come
    back a second. In any ten seconds that is at most 110 tokens, a tenth of the 1,100 that the
    exchange lets the lowest tier write in them. What is there at an instant follows from the last
    time that tokens were spent alone, so that it does not matter how often it is asked.

    >>> from datetime import UTC
    >>> budget, at = WriteBudget(), datetime(2026, 11, 22, tzinfo=UTC)
    >>> budget.spend(PLACE_TOKENS, at), budget.spend(PLACE_TOKENS, at)
    (True, False)
    >>> budget.spend(PLACE_TOKENS, at + timedelta(seconds=1))
    True
    """

    CAPACITY = PLACE_TOKENS + CANCEL_TOKENS
    PER_S = 9.8

    def __init__(self) -> None:
        self._left = self.CAPACITY
        self._spent_at: datetime | None = None

    def left(self, at: datetime) -> float:
        """Tokens that can be spent at ``at``; a clock that was set back brings none."""
        if self._spent_at is None:
            return self._left
        since_s = max((at - self._spent_at).total_seconds(), 0.0)
        return min(self._left + since_s * self.PER_S, self.CAPACITY)

    def spend(self, tokens: float, at: datetime) -> bool:
        """Spend ``tokens`` where they are there; whether they were."""
        left = self.left(at)
        if left < tokens:
            return False
        self._left, self._spent_at = left - tokens, at
        return True
