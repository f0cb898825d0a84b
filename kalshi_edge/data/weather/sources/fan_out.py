"""Asking many stations at once, none of which costs the others anything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import SourceError

Event = TypeVar("Event")
Answer = tuple[list[Event], list[SourceError]]


async def ask_each(
    stations: Iterable[Station], ask: Callable[[Station], Awaitable[Answer[Event]]]
) -> Answer[Event]:
    """Everything that asking all stations brought, and everything that went wrong."""

    async def asked(station: Station) -> Answer[Event]:
        try:
            return await ask(station)
        except SourceError as error:
            return [], [error]

    answers = await asyncio.gather(*(asked(station) for station in stations))
    return (
        [event for events, _ in answers for event in events],
        [error for _, errors in answers for error in errors],
    )
