"""Snapshots beside the journal, written while trading goes on: the next start is a short one.

What there is to write is taken hold of between a line and the next event, so it is of that line;
making bytes of it is done off the loop.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kalshi_edge.db.snapshots import EVERY_LINES, packed
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.ports import Store

QUIET = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """Something whose state is worth keeping."""

    taken: Callable[[int], object | None]
    """Its state as of a line, in values that never change; ``None`` where it has none to keep."""
    depends_on: str = ""
    """A fingerprint of what the state depends on beside the journal."""


@dataclass(slots=True)
class SnapshotWriter:
    """A publisher that keeps the state of ``sources`` beside the journal."""

    store: Store
    sources: dict[str, SnapshotSource] = field(default_factory=dict)
    every_lines: int = EVERY_LINES
    _taken: dict[str, tuple[int, object]] = field(default_factory=dict)
    """By name, the newest state and its line."""
    _written: dict[str, int] = field(default_factory=dict)
    _is_due: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, entry: JournalEntry) -> None:
        """Take hold of everything as it is after ``entry``."""
        for name in self.sources:
            self.take(name, entry.seq)

    def take(self, name: str, seq: int) -> None:
        """Take hold of one of them, which is as it was after the line ``seq``."""
        if (state := self.sources[name].taken(seq)) is None:
            return
        self._taken[name] = seq, state
        if seq - self._written.get(name, 0) >= self.every_lines:
            self._is_due.set()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Snapshots are written as they become due while the block lasts, and once at its end."""
        keeping = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self.write()

    async def _keep(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await self.write()

    async def write(self) -> None:
        """Write the newest of everything; what goes wrong is logged, for it costs time only."""
        for name, (seq, state) in tuple(self._taken.items()):
            if seq <= self._written.get(name, 0):
                continue
            try:
                depends_on = self.sources[name].depends_on
                body = await asyncio.to_thread(packed, name, state, depends_on)
                await self.store.put_snapshot(name, body)
            except Exception as error:
                QUIET.warning("no snapshot of %s at line %d: %s", name, seq, error)
            # Also where it failed: the next try is as many lines away.
            self._written[name] = seq
