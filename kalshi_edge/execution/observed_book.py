"""A market's book as others show it, less what our simulated orders took of it.

Nobody outside knows what we took, so it goes on being shown. A contract that we took counts as
taken for as long as it may still be the one that is shown: until its level shows fewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from kalshi_edge.domain.market import Book, Level
from kalshi_edge.domain.orders import Side
from kalshi_edge.units import ZERO


@dataclass(frozen=True, slots=True)
class ObservedBook:
    """``shown`` is what others show; ``taken`` is what is gone of it, for us.

    >>> from datetime import UTC, datetime
    >>> now, bid = datetime(2026, 11, 22, tzinfo=UTC), Decimal("0.28")
    >>> def shows(count: int) -> Book:
    ...     return Book("T", (Level(bid, Decimal(count)),), (), now, now)
    >>> sold, _ = ObservedBook(shows(20)).swept(Side.SELL, Decimal(15), bid)
    >>> [sold.followed_by(shows(count)).left.sell(Decimal(99)).count for count in (20, 10, 22)]
    [Decimal('5'), Decimal('0'), Decimal('7')]
    """

    shown: Book
    taken: Mapping[tuple[Side, Decimal], Decimal] = field(default_factory=dict)
    """Contracts by the side of the order that took them and by their price."""

    def followed_by(self, shown: Book) -> "ObservedBook":
        """The market's next book, and what counts as taken of it."""
        levels = ((Side.BUY, shown.asks), (Side.SELL, shown.bids))
        counts = {(side, one.price): one.count for side, found in levels for one in found}
        taken = {
            level: min(count, counts[level])
            for level, count in self.taken.items()
            if level in counts
        }
        return ObservedBook(shown, taken)

    @property
    def left(self) -> Book:
        """What can still be taken."""
        if not self.taken:
            return self.shown
        return replace(
            self.shown,
            bids=self._left(Side.SELL, self.shown.bids),
            asks=self._left(Side.BUY, self.shown.asks),
        )

    def swept(
        self,
        side: Side,
        count: Decimal,
        limit: Decimal | None = None,
        *,
        stop: Decimal | None = None,
    ) -> tuple["ObservedBook", tuple[Level, ...]]:
        """The book once an order took up to ``count`` contracts, and what it took, best first.

        Only at ``limit`` or better, and only better than ``stop``, where they are given; dollars
        per YES contract.
        """
        sign = 1 if side is Side.BUY else -1
        left, taken, found = count, dict(self.taken), list[Level]()
        for level in self.left.asks if side is Side.BUY else self.left.bids:
            within = limit is None or sign * (limit - level.price) >= ZERO
            before = stop is None or sign * (stop - level.price) > ZERO
            step = min(left, level.count) if within and before else ZERO
            if step > ZERO:
                left -= step
                taken[side, level.price] = taken.get((side, level.price), ZERO) + step
                found.append(Level(level.price, step))
        return ObservedBook(self.shown, taken), tuple(found)

    def _left(self, side: Side, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(
            Level(level.price, count)
            for level in levels
            if (count := level.count - self.taken.get((side, level.price), ZERO)) > ZERO
        )
