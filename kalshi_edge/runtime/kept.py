"""Parts of a running program that an unexpected exception does not end.

A part that raises is begun again after a pause, which grows while it keeps raising. Only what says
that nothing may go on (``StoreError``, ``Fenced``), and cancellation, goes through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import TypeAlias

from kalshi_edge.clock import Clock
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.domain.events import PartFailed
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.errors import StoreError, sentence_of, traceback_of
from kalshi_edge.ports import Publisher

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
CALM_AFTER_S = 900.0
"""A part that has not raised for so long is well: its next pause is the first again."""

Failed: TypeAlias = Callable[[str, Exception], None]
"""Hears which part raised what; raises nothing."""


async def kept(part: str, work: Callable[[], Awaitable[None]], failed: Failed) -> None:
    """Have ``work`` done to its end, begun again as often as it raises what nobody expected."""
    now_s, pause_s = asyncio.get_running_loop().time, FIRST_PAUSE_S
    while True:
        began_s = now_s()
        try:
            await work()
        except StoreError:
            raise
        except Exception as error:
            failed(part, error)
        else:
            return
        if now_s() - began_s >= CALM_AFTER_S:
            pause_s = FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a part raised last."""

    error: str
    at: datetime
    until_s: float
    """It counts as failing until this instant of the loop's time."""
    count: int = 1
    """Times since it was last well."""


@dataclass(slots=True)
class Failures:
    """Which parts fail, and since when nothing more was heard of it."""

    clock: Clock
    tell: Callable[[PartFailed], None]
    """Hears of a part that was well and is not any more: once."""
    _last: dict[str, Failure] = field(default_factory=dict)
    _now_s: Callable[[], float] = float
    """The loop's time, once something failed in it: a screen asks from a thread of its own."""

    def note(self, part: str, error: Exception, lasts_s: float = CALM_AFTER_S) -> None:
        """A part raised, and fails for ``lasts_s`` from now unless it is ``well``; a ``Failed``."""
        self._now_s = asyncio.get_running_loop().time
        at, now_s = self.clock.now(), self._now_s()
        text = sentence_of(error)
        before = self._last.get(part)
        if before is not None and now_s < before.until_s:
            self._last[part] = Failure(text, at, now_s + lasts_s, before.count + 1)
            return
        self._last[part] = Failure(text, at, now_s + lasts_s)
        self.tell(PartFailed(at, part, text, traceback_of(error)))

    def well(self, part: str) -> None:
        """A part did what it should: it fails no more, once that has lasted."""
        before = self._last.get(part)
        if before is not None:
            until_s = min(before.until_s, self._now_s() + CALM_AFTER_S)
            self._last[part] = replace(before, until_s=until_s)

    def shown(self, statuses: Iterable[SourceStatus]) -> tuple[SourceStatus, ...]:
        """``statuses``, with what fails: in its own where it has one, else in one more."""
        now_s, last = self._now_s(), dict(self._last)
        failing = {k: one for k, one in last.items() if now_s < one.until_s}
        known = [
            _failing(status, failing.pop(status.name)) if status.name in failing else status
            for status in statuses
        ]
        return (*known, *(_failing(_unknown(name), one) for name, one in failing.items()))


def _failing(status: SourceStatus, failure: Failure) -> SourceStatus:
    times = f" ({failure.count} times)" if failure.count > 1 else ""
    return replace(
        status,
        outcome=PollOutcome.FAILED,
        is_stale=True,
        error=failure.error + times,
        error_at=failure.at,
    )


def _unknown(name: str) -> SourceStatus:
    return SourceStatus(name, PollOutcome.FAILED, None, None, None, True, None, "", None, 0, 0)


@dataclass(frozen=True, slots=True)
class KeptPublisher:
    """A publisher whose failures are noted and go no further: readers end no trader."""

    publisher: Publisher
    failures: Failures

    def publish(self, entry: JournalEntry) -> None:
        """Show ``entry`` where that works."""
        part = type(self.publisher).__name__
        try:
            self.publisher.publish(entry)
        except Exception as error:
            self.failures.note(part, error, inf)  # the next line may be far
        else:
            self.failures.well(part)
