"""The only reader of wall time. Everything below is told the time."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def delay_s(self, until_at: datetime) -> float:
        """Seconds of our own life until ``until_at``; 0 where that has passed."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return datetime.now(UTC)

    def delay_s(self, until_at: datetime) -> float:
        """Seconds until ``until_at``; 0 where that has passed."""
        return max((until_at - self.now()).total_seconds(), 0.0)


class ManualClock:
    """A clock that stands still until it is moved; it never runs backwards.

    >>> clock = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
    >>> clock.advance(timedelta(minutes=30))
    >>> clock.now().isoformat()
    '2026-11-22T00:30:00+00:00'
    """

    def __init__(self, start_at: datetime) -> None:
        self._now = start_at

    def now(self) -> datetime:
        """The instant this clock was last moved to."""
        return self._now

    def delay_s(self, until_at: datetime) -> float:  # noqa: ARG002 - nobody knows when it moves
        """Nothing to wait for: somebody else moves this clock."""
        return 0.0

    def set(self, at: datetime) -> None:
        """Move to ``at``; an earlier instant is ignored."""
        self._now = max(self._now, at)

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by``."""
        self.set(self._now + by)
