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


class ScaledClock:
    """A clock that runs ``speed`` times as fast as ``clock``, showing ``world_at`` at ``real_at``.

    >>> real = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
    >>> world = ScaledClock(real, real.now(), datetime(2027, 7, 1, 14, tzinfo=UTC), speed=720)
    >>> real.advance(timedelta(seconds=5))
    >>> world.now().isoformat()
    '2027-07-01T15:00:00+00:00'
    """

    def __init__(self, clock: Clock, real_at: datetime, world_at: datetime, speed: float) -> None:
        self._clock = clock
        self._real_at = real_at
        self._world_at = world_at
        self.speed = speed

    def now(self) -> datetime:
        """The world's instant, aware, in UTC."""
        return self._world_at + (self._clock.now() - self._real_at) * self.speed

    def delay_s(self, until_at: datetime) -> float:
        """Seconds of our own life until the world reaches ``until_at``; 0 where it has."""
        return max((until_at - self.now()).total_seconds(), 0.0) / self.speed


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
