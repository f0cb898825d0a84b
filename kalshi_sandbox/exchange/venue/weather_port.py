"""What the exchange must know of the weather, asked of whoever makes it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kalshi_edge.domain.weather import Station
from kalshi_edge.models.distribution import Normal


@dataclass(frozen=True, slots=True)
class FirstFinal:
    """The first climate report of a day that is not preliminary: it alone settles."""

    released_at: datetime
    high_f: int


class Nature(Protocol):
    """The weather behind the markets."""

    def outlook(self, station: Station, day: date, at: datetime) -> Normal:
        """The day's maximum as the newest public forecast at ``at`` sees it, before rounding."""
        ...

    def high_so_far_f(self, station: Station, day: date, at: datetime) -> float | None:
        """The highest temperature measured by ``at``; ``None`` before the day has begun."""
        ...

    def high_f(self, station: Station, day: date) -> int:
        """What the maximum will turn out to be, whole °F; only traders with insight may peek."""
        ...

    def first_final(self, station: Station, day: date) -> FirstFinal | None:
        """The report that settles the day, be it still to come; ``None`` where none will."""
        ...
