"""Market data as events: ladders that changed, fresh books before a cycle, results once final."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.reading import Unreadable
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ExchangeError

BOOK_DEPTH = 10
"""Levels kept on each side: more than any order of ours would walk."""
WATCH = timedelta(days=8)
"""How long after its climate day a result is asked for; the exchange settles within a week."""
STALE_AFTER = timedelta(minutes=35)
"""Markets are looked at before every cycle, so twice an hour at least."""
SHOWN_PROBLEMS = 3


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
    _owed: set[str] = field(default_factory=set)
    """Markets of ladders we have not got, of which we hold something."""
    _settled: set[str] = field(default_factory=set)
    _asked_at: datetime | None = None

    def recall(self, ladders: Iterable[Ladder], held: Iterable[str], settled: Set[str]) -> None:
        """Take up what an earlier life left: its ladders, what it held, what is settled.

        A market that closed while nobody was here is asked for its result all the same.
        """
        self._ladders |= {ladder.event_ticker: ladder for ladder in ladders}
        known = {market.ticker for ladder in self._ladders.values() for market in ladder.markets}
        self._owed |= set(held) - known
        self._settled |= settled

    @property
    def status(self) -> SourceStatus:
        """How it is now."""
        now, success_at = self.clock.now(), self.last_success_at
        is_fine = success_at is not None and not self.problems
        outcome = PollOutcome.UNCHANGED if is_fine else PollOutcome.DOWN
        return SourceStatus(
            name="markets",
            outcome=PollOutcome.NOT_ASKED if self._asked_at is None else outcome,
            asked_at=self._asked_at,
            succeeded_at=success_at,
            age=None if success_at is None else now - success_at,
            is_stale=success_at is None or now - success_at > STALE_AFTER,
            cycle=success_at,
            error="; ".join(self.problems[:SHOWN_PROBLEMS]),
            error_at=self._asked_at if self.problems else None,
            bytes_moved=0,
            last_bytes=0,
        )

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
        self._asked_at = self.clock.now()
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

    async def fresh_books(self) -> list[Book]:
        """The book of every open market as of now; where none is known nobody is asked."""
        if not self.open_tickers:
            return []
        self._asked_at = self.clock.now()
        try:
            books = await self.client.books(self.open_tickers)
        except ExchangeError as error:
            self.problems = (str(error),)
            return []
        self.problems = _sentences(books.refused)
        self.last_success_at = self.clock.now()
        return [trimmed(book) for book in books.found]

    async def results(self) -> list[Settlement]:
        """The final word on markets that have closed and were not final before."""
        now = self.clock.now()
        closed = {
            market.ticker
            for ladder in self._ladders.values()
            for market in ladder.markets
            if market.close_at <= now
        }
        due = sorted((closed | self._owed) - self._settled)
        if not due:
            return []
        try:
            reading = await self.client.settlements(due)
        except ExchangeError as error:
            self.problems = (str(error),)
            return []
        self._settled |= {settlement.ticker for settlement in reading.found}
        self._owed -= self._settled
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
