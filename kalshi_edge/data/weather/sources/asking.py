"""Asking many stations at once, none of which costs the others anything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pydantic import BaseModel

from kalshi_edge.data.weather.sources.http import PoliteClient
from kalshi_edge.data.weather.sources.status import Tally
from kalshi_edge.data.weather.sources.wire import parse_document
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import SourceError

Event = TypeVar("Event")
Document = TypeVar("Document", bound=BaseModel)
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


async def read_page(client: PoliteClient, url: str, kind: type[Document], tally: Tally) -> Document:
    """The document at ``url``; one that makes no sense is not kept. Raises ``SourceError``."""
    page = await client.page(url, tally)
    try:
        return parse_document(kind, page.content, url)
    except SourceError:
        client.forget(url)
        raise
