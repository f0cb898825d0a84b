"""What others traded in the markets where a quote of ours rests on paper: its queue moves by it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.fields import Payload, decimal_field, instant_field, text_field
from kalshi_edge.data.kalshi.market_source import MarketSource
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.domain.events import Print
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Side
from kalshi_edge.errors import ExchangeError, InputError

OVERLAP = timedelta(seconds=10)
"""Asked for again each time: answers trail the matching."""


@dataclass(slots=True)
class PrintedBooks:
    """The books of all open markets, and before them what was printed since the last asking.

    A print that cannot be read is left out: on paper a quote then waits longer, never shorter.
    """

    markets: MarketSource
    client: PublicClient
    clock: Clock
    quoted: Callable[[], Collection[str]]
    """The markets in which a quote of ours rests now."""
    _since_at: dict[str, datetime] = field(default_factory=dict)
    _told: dict[str, frozenset[str]] = field(default_factory=dict)

    async def __call__(self) -> list[Print | Book]:
        """What is new."""
        prints: list[Print] = []
        quoted = sorted(self.quoted())
        self._since_at = {t: at for t, at in self._since_at.items() if t in quoted}
        for ticker in quoted:
            prints += await self._prints(ticker)
        prints.sort(key=lambda one: one.valid_at)
        return [*prints, *await self.markets.fresh_books()]

    async def _prints(self, ticker: str) -> list[Print]:
        now = self.clock.now()
        since_at = self._since_at.get(ticker, now)
        try:
            found = await self.client.trades(ticker, since_at - OVERLAP)
        except ExchangeError:
            return []  # asked for again, from the same instant on
        told = self._told.get(ticker, frozenset())
        self._since_at[ticker], self._told[ticker] = now, frozenset(found)
        news = [payload for name, payload in found.items() if name not in told]
        return [one for payload in news if (one := _print(payload, now)) is not None]


def _print(payload: Payload, received_at: datetime) -> Print | None:
    try:
        return Print(
            ticker=text_field(payload, "ticker"),
            price=decimal_field(payload, "yes_price_dollars"),
            count=decimal_field(payload, "count_fp"),
            taker_side=Side(text_field(payload, "taker_book_side")),
            valid_at=instant_field(payload, "created_time"),
            received_at=received_at,
        )
    except (InputError, ValueError):
        return None
