"""The exchange's time: it is told what time it is, and does what is due on the way there."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush


class Timeline:
    """Actions at instants, done in order of time, those of one instant in order of asking."""

    def __init__(self, start_at: datetime) -> None:
        self.now = start_at
        self._due: list[tuple[datetime, int, Callable[[], object]]] = []
        self._asked = 0

    def schedule(self, at: datetime, action: Callable[[], object]) -> None:
        """Have ``action`` done at ``at``, or at once when time next moves if that is past."""
        self._asked += 1
        heappush(self._due, (at, self._asked, action))

    @property
    def next_at(self) -> datetime | None:
        """When something falls due next; ``None`` where nothing does."""
        return self._due[0][0] if self._due else None

    def advance(self, to: datetime) -> None:
        """Move to ``to``, doing on the way all that falls due; an earlier instant is ignored."""
        while self._due and self._due[0][0] <= to:
            at, _, action = heappop(self._due)
            self.now = max(self.now, at)
            action()
        self.now = max(self.now, to)
