"""The only reader of wall time. Everything below is told the time."""

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from kalshi_edge.errors import InputError


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


def awake_or_asleep_s() -> float:
    """Seconds since some instant, counted on while the machine sleeps; nobody can set them.

    ``time.monotonic`` stands still while Linux or macOS is suspended; the clock that does not has
    another name on each.
    """
    name = "CLOCK_BOOTTIME" if sys.platform == "linux" else "CLOCK_MONOTONIC"
    clock = getattr(time, name, None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


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


LOOK_AGAIN_S = 0.05


class WorldClock:
    """World time = start + speed × real time passed; it never runs backwards.

    At speed 0 it moves only by ``step``.

    >>> from datetime import UTC
    >>> from kalshi_edge.clock import ManualClock
    >>> real = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))
    >>> world = WorldClock(datetime(2027, 1, 1, tzinfo=UTC), speed=60, real=real)
    >>> real.advance(timedelta(seconds=10))
    >>> world.now().isoformat()
    '2027-01-01T00:10:00+00:00'
    """

    def __init__(
        self, start_at: datetime, *, speed: float = 0.0, real: Clock | None = None
    ) -> None:
        self._real = real or SystemClock()
        self._anchor_at = start_at
        self._real_anchor_at = self._real.now()
        self._speed = _checked(speed)

    @property
    def speed(self) -> float:
        """World seconds per real second."""
        return self._speed

    def now(self) -> datetime:
        """The current world instant, UTC."""
        return self._anchor_at + self._speed * max(
            timedelta(), self._real.now() - self._real_anchor_at
        )

    def delay_s(self, until_at: datetime) -> float:
        """Real seconds until the world reaches ``until_at``; 0 where it has.

        A world that stands still is looked at again after ``LOOK_AGAIN_S``.
        """
        left_s = max((until_at - self.now()).total_seconds(), 0.0)
        return left_s / self._speed if self._speed else min(left_s, LOOK_AGAIN_S)

    def step(self, by: timedelta) -> None:
        """Move forward by ``by`` at once; raises ``InputError`` where that is backwards."""
        if by < timedelta():
            raise InputError(f"world time cannot step back by {by}")
        self._anchor(self.now() + by)

    def set_speed(self, speed: float) -> None:
        """Run at ``speed`` from now on; raises ``InputError`` where it is negative."""
        checked = _checked(speed)
        self._anchor(self.now())
        self._speed = checked

    def _anchor(self, at: datetime) -> None:
        self._anchor_at, self._real_anchor_at = at, self._real.now()


def _checked(speed: float) -> float:
    if not 0 <= speed <= 1_000_000:
        raise InputError(f"world speed must lie between 0 and 1,000,000, not {speed}")
    return speed
