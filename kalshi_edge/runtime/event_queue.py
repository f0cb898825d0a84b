"""The live feed: many sources, one queue, events in the order in which we received them."""

import asyncio
from collections.abc import AsyncIterator

from kalshi_edge.domain.events import Event


class EventQueue:
    """Where sources put what they heard; the loop takes it out. A ``Feed``."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def put(self, *events: Event) -> None:
        """Add events, to be handled after all that came before."""
        for event in events:
            self._queue.put_nowait(event)

    def close(self) -> None:
        """Let the loop end once it has handled what is here."""
        self._queue.put_nowait(None)

    @property
    def waiting(self) -> int:
        """How many events nobody has taken out yet."""
        return self._queue.qsize()

    async def handled(self) -> None:
        """Wait until everything that was put in has been handled."""
        await self._queue.join()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self._queue.get()) is not None:
            yield event
            self._queue.task_done()
