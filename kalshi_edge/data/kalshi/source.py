"""Market data as events: ladders that changed, fresh books before a cycle, results once final."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.client import PublicClient, Unreadable
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ExchangeError

BOOK_DEPTH = 10
"""Levels kept on each side: more than any order of ours would walk."""
WATCH = timedelta(days=8)
"""How long after its climate day a result is asked for; the exchange settles within a week."""


@dataclass
class MarketSource:
    """Asks for the markets of ``stations`` and tells only what is new."""

    client: PublicClient
    stations: tuple[Station, ...]
    clock: Clock
    problems: tuple[str, ...] = ()
    """What the last question found wanting, one sentence each."""
    last_success_at: datetime | None = None
    _ladders: dict[str, Ladder] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)

    @property
    def open_tickers(self) -> tuple[str, ...]:
        """The markets that trade, as far as we know."""
        now = self.clock.now()
        return tuple(
            market.ticker
            for ladder in self._ladders.values()
            for market in ladder.markets
            if now < market.close_at
        )

    async def refresh(self) -> list[Ladder | Book]:
        """Ladders that are new or changed, and the book of every open market as of now.

        An exchange that does not answer tells nothing: books grow old and stop trading.
        """
        try:
            reading = await self.client.ladders(self.stations)
            changed = [ladder for ladder in reading.found if self._is_news(ladder)]
            self._ladders |= {ladder.event_ticker: ladder for ladder in reading.found}
            books = await self.client.books(self.open_tickers)
        except ExchangeError as error:
            self.problems = (str(error),)
            return []
        self.problems = _sentences((*reading.refused, *books.refused))
        self.last_success_at = self.clock.now()
        return [*changed, *(trimmed(book) for book in books.found)]

    async def results(self) -> list[Settlement]:
        """The final word on markets that have closed and were not final before."""
        now = self.clock.now()
        due = [
            market.ticker
            for ladder in self._ladders.values()
            for market in ladder.markets
            if market.close_at <= now and market.ticker not in self._settled
        ]
        if not due:
            return []
        try:
            reading = await self.client.settlements(due)
        except ExchangeError as error:
            self.problems = (str(error),)
            return []
        self._settled |= {settlement.ticker for settlement in reading.found}
        self._forget(now)
        return list(reading.found)

    def _is_news(self, ladder: Ladder) -> bool:
        known = self._ladders.get(ladder.event_ticker)
        return known is None or replace(known, received_at=ladder.received_at) != ladder

    def _forget(self, now: datetime) -> None:
        for name, ladder in list(self._ladders.items()):
            if ladder.climate_day < (now - WATCH).date():
                del self._ladders[name]
                self._settled -= {market.ticker for market in ladder.markets}


def trimmed(book: Book) -> Book:
    """``book`` without the levels beyond ``BOOK_DEPTH``."""
    return replace(book, bids=book.bids[:BOOK_DEPTH], asks=book.asks[:BOOK_DEPTH])


def _sentences(refused: Iterable[Unreadable]) -> tuple[str, ...]:
    return tuple(f"{one.name}: {one.reason}" for one in refused)
