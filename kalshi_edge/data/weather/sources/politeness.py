"""Manners towards one server: not too many requests at once or in a row, and none while it is ill.

After five failures in a row it is left alone for half a minute, doubled with every further failure
up to a quarter of an hour; or for as long as it asks for.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome
from kalshi_edge.errors import SourceError

PATIENT_FAILURES = 5
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server wants to be treated."""

    gap_s: float = 0.0
    """Least time between the beginnings of two requests."""
    at_once: int = 4
    """Most requests under way."""


MANNERS: Mapping[str, Manners] = MappingProxyType(
    {
        # 120 connections a minute are blocked; one request in ten seconds is what it recommends.
        "nomads": Manners(gap_s=10.0, at_once=1),
        # It has refused at 1.2 s between requests, and not at 4.
        "iem": Manners(gap_s=4.0, at_once=1),
        "mtarchive": Manners(gap_s=1.0, at_once=1),
        "open_meteo": Manners(gap_s=1.0, at_once=1),
        "nws": Manners(gap_s=0.1, at_once=4),
        # 100 requests a minute, each endpoint at most once a minute.
        "aviation": Manners(gap_s=60.0, at_once=1),
    }
)
"""By the names of ``WeatherAddresses``."""


class PoliteHost:
    """One server, and how it has been lately."""

    def __init__(self, name: str, manners: Manners, clock: Clock) -> None:
        self.name = name
        self._gap = timedelta(seconds=manners.gap_s)
        self._places = asyncio.Semaphore(manners.at_once)
        self._clock = clock
        self._next_at: datetime | None = None
        self._failures = 0
        self._rests_until: datetime | None = None
        self._last_error = ""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and for the gap since the last request.

        Raises ``SourceError`` (resting) while the server is left alone.
        """
        async with self._places:
            self._refuse_while_resting()
            now = self._clock.now()
            start_at = now if self._next_at is None else max(now, self._next_at)
            self._next_at = start_at + self._gap
            if start_at > now:
                await asyncio.sleep(self._clock.delay_s(start_at))
            yield

    def answered(self) -> None:
        """It answered as it should: forget what was before."""
        self._failures, self._rests_until = 0, None

    def failed(self, reason: str, wants_s: float | None) -> None:
        """It did not: too often in a row, or with the wish to be left alone so long, and it is."""
        self._failures += 1
        self._last_error = reason
        rest = timedelta(seconds=wants_s or 0.0)
        beyond = self._failures - PATIENT_FAILURES
        if beyond >= 0:
            rest = max(rest, FIRST_REST * 2 ** min(beyond, 10))
        if rest:
            self._rests_until = self._clock.now() + min(rest, LONGEST_REST)

    def _refuse_while_resting(self) -> None:
        until = self._rests_until
        if until is not None and self._clock.now() < until:
            raise SourceError(
                f"{self.name} is left alone until {until:%H:%M:%S} UTC after"
                f" {self._failures} failures: {self._last_error}",
                outcome=PollOutcome.RESTING,
            )
