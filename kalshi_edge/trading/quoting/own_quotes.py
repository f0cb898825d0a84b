"""What is known of our own quotes: where they rest, when books show them, when they are over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import OrderState
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.quoting.quote import without

SHOWS_OURS = frozenset({"demo", "live"})
"""Modes in which our own orders are in the books that we are shown."""
FAR = datetime.max.replace(tzinfo=UTC)


def others(core: Core, ladder: Ladder | None = None) -> Mapping[str, Book]:
    """The newest books, without our own orders: prices of ours are no evidence and no market.

    Of ``ladder`` only, where one is given. An order of ours behind the best price stays in.
    """
    books, shown = core.state.books, core.quotes.shown
    tickers = None if ladder is None else [market.ticker for market in ladder.markets]
    if tickers is not None:
        books = {ticker: books[ticker] for ticker in tickers if ticker in books}
    if not shown or core.account.tracker.mode not in SHOWS_OURS:
        return books
    ours = {}
    for ticker in shown if tickers is None else tickers:
        one, book = shown.get(ticker), books.get(ticker)
        if one is None or book is None:
            continue
        order = core.account.orders.get(one.name)
        if order is not None and one.from_at < book.received_at <= (one.until_at or FAR):
            ours[ticker] = without(book, order)
    return {**books, **ours}


def cleaned(core: Core, at: datetime) -> None:
    """Let go of quotes that are over; what has traded is held, and not quoted again.

    One that the exchange would not take is tried again after a pause that grows.
    """
    memory = core.quotes
    for ticker, name in tuple(memory.live.items()):
        order = core.account.orders.get(name)
        if order is not None and order.state is not OrderState.DONE:
            continue
        del memory.live[ticker]
        memory.calm.pop(event_of(core, ticker), None)
        gone(core, ticker, name, at)
        if order is not None and (order.filled or order.pending):
            memory.wanted.pop(ticker, None)
        elif order is None or order.order_id is None:
            core.watch.asked(("quote", ticker), at)


def gone(core: Core, ticker: str, name: str, at: datetime) -> None:
    """Note from when on no book shows an order of ours any more."""
    known = core.quotes.shown.get(ticker)
    if known is not None and known.name == name and known.until_at is None:
        core.quotes.shown[ticker] = replace(known, until_at=at)


def event_of(core: Core, ticker: str) -> str:
    """The ladder of a market, by its ticker."""
    ladder = core.state.ladder_of(ticker)
    return ticker.rpartition("-")[0] if ladder is None else ladder.event_ticker
