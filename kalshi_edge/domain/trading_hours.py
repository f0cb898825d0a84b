"""When the exchange takes orders: its published hours, which are Eastern time, and its word now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
PAUSE_MARGIN = timedelta(minutes=5)
"""Before a pause nothing new is decided any more: it might be on its way when the pause begins."""
_THURSDAY = 3


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """The sessions of each weekday, Eastern wall time, while this week's pattern is in force."""

    start_at: datetime
    end_at: datetime
    sessions: tuple[tuple[tuple[str, str], ...], ...]
    """By weekday from Monday, ``HH:MM`` from and to; a session that ends no later than it begins
    ends the next day."""

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The sessions that begin on ``day``, in Eastern wall time without a zone."""
        for opens, closes in self.sessions[day.weekday()]:
            start, end = time.fromisoformat(opens), time.fromisoformat(closes)
            over = timedelta(days=1 if end <= start else 0)
            yield datetime.combine(day, start), datetime.combine(day, end) + over


def _usual() -> WeeklyHours:
    """Around the clock but for the weekly pause, Thursdays from 03:00 to 05:00."""
    whole = (("00:00", "00:00"),)
    around = (("00:00", "03:00"), ("05:00", "00:00"))
    sessions = tuple(around if day == _THURSDAY else whole for day in range(7))
    ever = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return WeeklyHours(*ever, sessions)


USUAL = _usual()
"""The hours where none are published."""


@dataclass(frozen=True, slots=True)
class TradingHours:
    """When the exchange takes orders, as it said at ``received_at``.

    >>> hours = TradingHours(datetime(2026, 11, 22, tzinfo=UTC))
    >>> thursday = datetime(2026, 11, 26, 9, tzinfo=UTC)
    >>> hours.closed(thursday), hours.closed(thursday + timedelta(hours=1))
    ('the exchange trades again at 10:00 UTC', '')
    """

    received_at: datetime
    weeks: tuple[WeeklyHours, ...] = ()
    """Published hours; where none are in force, the usual ones are."""
    maintenance: tuple[tuple[datetime, datetime], ...] = ()
    is_trading: bool = True
    """Whether it said that it takes orders now."""
    resumes_at: datetime | None = None
    """Its own estimate, where it does not and has one."""

    def closed(self, at: datetime) -> str:
        """Why no order is taken at ``at``, in words; empty where orders are."""
        if not self.is_trading:
            again_at = self.resumes_at
            estimate = "" if again_at is None else f", estimated until {_clock(again_at)}"
            return f"the exchange has paused trading{estimate}"
        if self._is_scheduled(at):
            return ""
        again_at = self._next_open(at)
        again = "not within a week" if again_at is None else f"again at {_clock(again_at)}"
        return f"the exchange trades {again}"

    def closing(self, at: datetime) -> str:
        """Why nothing new is to be decided at ``at``: it is closed, or about to be."""
        return self.closed(at) or (
            "" if self._is_scheduled(at + PAUSE_MARGIN) else "the exchange is about to pause"
        )

    def _is_scheduled(self, at: datetime) -> bool:
        if any(start <= at < end for start, end in self.maintenance):
            return False
        wall = at.astimezone(EASTERN).replace(tzinfo=None)
        return any(
            start <= wall < end
            for week in self._in_force(at)
            for day in (wall.date() - timedelta(days=1), wall.date())
            for start, end in week.spans(day)
        )

    def _in_force(self, at: datetime) -> tuple[WeeklyHours, ...]:
        published = tuple(week for week in self.weeks if week.start_at <= at < week.end_at)
        return published or (USUAL,)

    def _next_open(self, at: datetime) -> datetime | None:
        """The first quarter of an hour after ``at`` with trading, within a week."""
        first = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
        quarters = (first + n * timedelta(minutes=15) for n in range(1, 7 * 96))
        return next((one for one in quarters if self._is_scheduled(one)), None)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M} UTC"
