"""The live feed: many sources, one queue, events in the order in which we received them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from enum import IntEnum
from itertools import count
from typing import get_args

from kalshi_edge.domain.events import Command, Event


class Turn(IntEnum):
    """Whose turn comes first."""

    COMMAND = 0
    """People's commands wait for no news: they say what to do about it."""
    NEWS = 1
    END = 2


class EventQueue:
    """Where sources put what they heard; the loop takes it out. A ``Feed``."""

    def __init__(self) -> None:
        self._queue: asyncio.PriorityQueue[tuple[Turn, int, Event | None]] = asyncio.PriorityQueue()
        self._numbers = count()

    def put(self, *events: Event) -> None:
        """Add events, to be handled after all of their kind that came before."""
        for event in events:
            turn = Turn.COMMAND if isinstance(event, get_args(Command)) else Turn.NEWS
            self._queue.put_nowait((turn, next(self._numbers), event))

    def close(self) -> None:
        """Let the loop end once it has handled what is here."""
        self._queue.put_nowait((Turn.END, next(self._numbers), None))

    @property
    def waiting(self) -> int:
        """How many events nobody has taken out yet."""
        return self._queue.qsize()

    async def handled(self) -> None:
        """Wait until everything that was put in has been handled."""
        await self._queue.join()

    def urgent(self) -> Iterator[Event]:
        """The commands that wait, for a loop that is in the middle of something else."""
        while not self._queue.empty():
            turn, number, event = self._queue.get_nowait()
            if turn is not Turn.COMMAND or event is None:
                self._queue.put_nowait((turn, number, event))
                self._queue.task_done()
                return
            yield event
            self._queue.task_done()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := (await self._queue.get())[2]) is not None:
            yield event
            self._queue.task_done()
