"""Where an order stands in the queue at its price, from what everybody can see.

At a price the oldest order trades first. Nobody is told how many contracts stand before an order;
what is shown are the contracts at each price and the trades. When an order is posted all that its
level shows is before it. A trade at its price is taken from the front. A level that shrinks without
a trade was cancelled from somewhere in the queue, and who cancelled is a rule that has to be
stated: ``BEHIND_FIRST`` never moves an order up while those behind it could have been the ones, and
can only be too late; ``EVENLY`` lets all contracts of the level cancel alike.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from kalshi_edge.units import ZERO


class Cancels(StrEnum):
    """Who is taken to have cancelled when a level shrinks."""

    BEHIND_FIRST = "behind_first"
    EVENLY = "evenly"


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Contracts of others at an order's own price, ``ahead`` of it and ``behind`` it."""

    ahead: Decimal
    behind: Decimal = ZERO

    def traded(self, count: Decimal) -> tuple["QueuePosition", Decimal]:
        """The position after ``count`` contracts traded at its price, and how many reached it.

        >>> QueuePosition(Decimal(30), Decimal(20)).traded(Decimal(45))
        (QueuePosition(ahead=Decimal('0'), behind=Decimal('5')), Decimal('15'))
        """
        reached = max(count - self.ahead, ZERO)
        behind = max(self.behind - reached, ZERO)
        return QueuePosition(max(self.ahead - count, ZERO), behind), reached

    def passed(self) -> "QueuePosition":
        """The position after a trade at a price beyond: all that stood before it is gone."""
        return QueuePosition(ZERO, self.behind)

    def shown(self, level: Decimal, cancels: Cancels = Cancels.BEHIND_FIRST) -> "QueuePosition":
        """The position once ``level`` contracts of others are shown at its price.

        What joined stands behind.

        >>> QueuePosition(Decimal(30), Decimal(20)).shown(Decimal(40))
        QueuePosition(ahead=Decimal('30'), behind=Decimal('10'))
        >>> QueuePosition(Decimal(30), Decimal(20)).shown(Decimal(40), Cancels.EVENLY).ahead
        Decimal('24')
        """
        known = self.ahead + self.behind
        if cancels is Cancels.BEHIND_FIRST or level >= known:
            ahead = min(self.ahead, level)
        else:
            ahead = self.ahead * level / known
        return QueuePosition(ahead, level - ahead)


@dataclass(frozen=True, slots=True)
class SeenQueue:
    """A position as books and prints tell of it, whichever of the two comes first.

    A book has in it what traded before: such a print is counted as if it had come before the book,
    and one from before the book before that is not counted at all.
    """

    base: QueuePosition
    """Before the newest book."""
    base_at: datetime
    """As of when."""
    level: Decimal
    """Contracts of others at the price, by the newest book."""
    shown_at: datetime
    cancels: Cancels = Cancels.BEHIND_FIRST

    @classmethod
    def posted(
        cls, level: Decimal, at: datetime, cancels: Cancels = Cancels.BEHIND_FIRST
    ) -> "SeenQueue":
        """An order that came last at a price where ``level`` contracts were shown."""
        return cls(QueuePosition(level), at, level, at, cancels)

    @property
    def now(self) -> QueuePosition:
        """The position by all that is known."""
        return self.base.shown(self.level, self.cancels)

    def book(self, level: Decimal, at: datetime) -> "SeenQueue":
        """After a book as of ``at`` that shows ``level`` contracts of others at the price."""
        return replace(self, base=self.now, base_at=self.shown_at, level=level, shown_at=at)

    def printed(self, count: Decimal, at: datetime) -> tuple["SeenQueue", Decimal]:
        """After ``count`` contracts traded at the price at ``at``, and how many reached the order.

        >>> from datetime import UTC, timedelta
        >>> at, later = datetime(2026, 11, 22, tzinfo=UTC), timedelta(seconds=1)
        >>> queue = SeenQueue.posted(Decimal(100), at).book(Decimal(40), at + later)
        >>> queue.printed(Decimal(60), at + later)[0].now.ahead  # the book has it already
        Decimal('40')
        """
        if at <= self.base_at:
            return self, ZERO
        if at <= self.shown_at:
            base, reached = self.base.traded(count)
            return replace(self, base=base), reached
        base, reached = self.now.traded(count)
        level = base.ahead + base.behind
        return replace(self, base=base, base_at=self.shown_at, level=level, shown_at=at), reached

    def passed(self) -> "SeenQueue":
        """After a trade at a price beyond: all that stood before the order is gone."""
        return replace(self, base=self.now.passed(), level=self.now.behind)
