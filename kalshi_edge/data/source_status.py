"""How a source is: what its last asking came to, how old its last success is, and what it said.

A source never raises for what the world does to it; it gives the events it got and keeps the fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from kalshi_edge.clock import Clock
from kalshi_edge.domain.events import Event
from kalshi_edge.errors import SourceError

SHOWN_ERRORS = 3


class PollOutcome(StrEnum):
    """What asking a source, or one request, came to."""

    NOT_ASKED = "not asked"
    NEW = "new"
    UNCHANGED = "unchanged"
    MISSING = "missing"
    """The place answers, but has not got it."""
    LATE = "late"
    """It should have been there by now, or what is there is too old."""
    DOWN = "down"
    SLOW = "slow"
    REFUSED = "refused"
    """The place answers that it does not want to."""
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    """Something came, but not what it should be: nothing in it is used."""
    FAILED = "failed"
    """The program's own part raised what it never should; it is begun again after a pause."""
    RESTING = "resting"
    """Not asked, after failing too often; it will be."""


FINE = frozenset({PollOutcome.NEW, PollOutcome.UNCHANGED, PollOutcome.NOT_ASKED})
"""Outcomes that leave nothing to be desired."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source as screens show it."""

    name: str
    outcome: PollOutcome
    """Of the last asking: the first thing that nothing made good, else new or unchanged."""
    asked_at: datetime | None
    succeeded_at: datetime | None
    """The end of the last asking that left nothing to be desired."""
    age: timedelta | None
    """Time since ``succeeded_at``."""
    is_stale: bool
    """Whether what it last gave is older than it should be by now."""
    cycle: datetime | None
    """The run, update or issue of the newest thing it gave."""
    error: str
    """What the last error said, made good or not; empty where there never was one."""
    error_at: datetime | None
    bytes_moved: int
    """Bytes of bodies received since the start."""
    last_bytes: int
    """Bytes of bodies received in the last asking."""
    whole_bytes: int = 0
    """What the files looked into in the last asking hold in all."""


class Source(Protocol):
    """Something that is asked for news."""

    @property
    def status(self) -> SourceStatus:
        """How it is now."""
        ...

    async def __call__(self) -> Sequence[Event]:
        """Everything that was not known at the last asking. Raises nothing but cancellation."""
        ...


class Tally:
    """A source's account of itself, kept while it is asked."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.bytes_moved = 0
        self.cycle: datetime | None = None
        self.is_stale = False
        self._clock = clock
        self.whole_bytes = 0
        self._bytes_before = 0
        self._outcome = PollOutcome.NOT_ASKED
        self._asked_at: datetime | None = None
        self._succeeded_at: datetime | None = None
        self._error = ""
        self._error_at: datetime | None = None

    def begin(self) -> None:
        """An asking begins."""
        self._asked_at = self._clock.now()
        self._bytes_before, self.whole_bytes = self.bytes_moved, 0

    def note(self, error: Exception) -> None:
        """Keep an error's sentence, whether or not something makes it good."""
        self._error, self._error_at = str(error), self._clock.now()

    def newest(self, at: datetime) -> None:
        """Something of this run, update or issue was received."""
        self.cycle = at if self.cycle is None else max(self.cycle, at)

    def end(self, events: Sequence[Event], unmet: Sequence[SourceError] = ()) -> None:
        """An asking is over with ``events``; ``unmet`` is what nothing made good."""
        if unmet:
            # Not asked after too many failures: what failed says more than that.
            causes = [one.outcome for one in unmet if one.outcome != PollOutcome.RESTING]
            self._outcome = PollOutcome(causes[0] if causes else PollOutcome.RESTING)
            sentences = dict.fromkeys(str(error) for error in unmet)
            self._error = "; ".join(list(sentences)[:SHOWN_ERRORS])
            self._error_at = self._clock.now()
        else:
            self._outcome = PollOutcome.NEW if events else PollOutcome.UNCHANGED
            self._succeeded_at = self._clock.now()

    def status(self) -> SourceStatus:
        """The account as of now."""
        succeeded_at = self._succeeded_at
        return SourceStatus(
            name=self.name,
            outcome=self._outcome,
            asked_at=self._asked_at,
            succeeded_at=succeeded_at,
            age=None if succeeded_at is None else self._clock.now() - succeeded_at,
            is_stale=self.is_stale,
            cycle=self.cycle,
            error=self._error,
            error_at=self._error_at,
            bytes_moved=self.bytes_moved,
            last_bytes=self.bytes_moved - self._bytes_before,
            whole_bytes=self.whole_bytes,
        )
