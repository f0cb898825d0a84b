"""What the live connection tells, topic by topic, and what of it changed since it was asked last.

``Folded`` is the one definition of how updates add up to the state that a snapshot holds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter

from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.api.schemas.account import OrderView, TradeView
from kalshi_edge.api.schemas.figures import Shape
from kalshi_edge.api.schemas.live import Quote
from kalshi_edge.api.views.account import (
    balance,
    newest_orders,
    newest_trades,
    open_positions,
    pnl_today,
)
from kalshi_edge.api.views.evidence import evidence_summary
from kalshi_edge.api.views.market import forecasts, scanner
from kalshi_edge.api.views.risk import risk_status
from kalshi_edge.api.views.status import health
from kalshi_edge.domain.market import Book
from kalshi_edge.engine import Engine
from kalshi_edge.learning.evidence_figures import figures_of
from kalshi_edge.units import ZERO

S = TypeVar("S", bound=Shape)

LAST_TRADES = 50
LAST_ORDERS = 50
LAST_ACTIVITY = 100
LAST_EQUITY = 500

_AGES: Mapping[str, Any] = {
    "at": True,
    "sources": {"__all__": {"age_s"}},
    "positions": {"__all__": {"book_age_s"}},
}
"""What changes with time alone: no reason to tell a topic again."""

_TRADES = TypeAdapter(list[TradeView])
_ORDERS = TypeAdapter(list[OrderView])


@dataclass(slots=True)
class Changes:
    """What changed, as JSON texts: whole topics, quotes by ticker, and what is added at the end."""

    whole: dict[str, str] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    activity: list[str] = field(default_factory=list)
    equity: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.whole or self.prices or self.activity or self.equity)

    def json(self) -> str:
        """The changes as one JSON object; what did not change is left out."""
        topics = dict(self.whole)
        if self.prices:
            topics["prices"] = _object(self.prices)
        if self.activity:
            topics["activity"] = _array(self.activity)
        if self.equity:
            topics["equity"] = _array(self.equity)
        return _object(topics)


class Folded:
    """The whole state: every change so far, one upon the other."""

    def __init__(self) -> None:
        self._whole: dict[str, str] = {}
        self._prices: dict[str, str] = {}
        self._activity: deque[str] = deque(maxlen=LAST_ACTIVITY)
        self._equity: deque[str] = deque(maxlen=LAST_EQUITY)

    def add(self, changes: Changes) -> None:
        """Put ``changes`` on top."""
        self._whole.update(changes.whole)
        self._prices.update(changes.prices)
        self._activity.extend(changes.activity)
        self._equity.extend(changes.equity)

    def json(self) -> str:
        """The state as one JSON object."""
        topics = dict(self._whole)
        topics["prices"] = _object(self._prices)
        topics["activity"] = _array(self._activity)
        topics["equity"] = _array(self._equity)
        return _object(topics)


class Topics:
    """Watches a trader's standing and says what changed."""

    def __init__(self, context: ApiContext, live_clients: Callable[[], int]) -> None:
        self._context = context
        self._live_clients = live_clients
        self._told: dict[str, object] = {}
        self._quotes: dict[str, str] = {}
        self._books: dict[str, Book] = {}
        self._last_activity: object = None
        self._last_equity: object = None

    def changes(self) -> Changes:
        """What changed since the last time; the first time, everything."""
        found = Changes(prices=self._prices())
        for name, key, text in self._due():
            if self._told.get(name) != key:
                self._told[name] = key
                found.whole[name] = text()
        read_model = self._context.read_model
        activity = _after(self._last_activity, read_model.activity)[-LAST_ACTIVITY:]
        equity = _after(self._last_equity, read_model.equity)[-LAST_EQUITY:]
        if activity:
            self._last_activity = activity[-1]
        if equity:
            self._last_equity = equity[-1]
        found.activity = [item.model_dump_json() for item in activity]
        found.equity = [point.model_dump_json() for point in equity]
        return found

    def _due(self) -> Iterator[tuple[str, object, Callable[[], str]]]:
        """Every whole topic: its name, what its value hangs on, and the value as JSON."""
        context, at = self._context, self._context.now()
        engine, read_model = context.trader.engine, context.read_model
        shapes: dict[str, Shape] = {
            "health": health(context, self._live_clients()),
            "balance": balance(engine, at),
            "positions": open_positions(engine, read_model, at),
            "pnl_today": pnl_today(engine, at),
            "risk": risk_status(engine, at),
        }
        for name, shape in shapes.items():
            yield name, shape.model_dump_json(exclude=dict(_AGES)), shape.model_dump_json
        cycle = None if read_model.judged is None else read_model.judged.seq
        yield "scanner", (cycle,), lambda: scanner(read_model).model_dump_json()
        yield "forecasts", (cycle,), lambda: forecasts(read_model).model_dump_json()
        yield "evidence", (read_model.evidence_seq,), lambda: _evidence(read_model)
        yield "trades", (read_model.seq,), lambda: _trades(engine)
        yield "orders", (read_model.seq,), lambda: _orders(engine)

    def _prices(self) -> dict[str, str]:
        books = self._context.trader.engine.state.books
        changed: dict[str, str] = {}
        for ticker, book in books.items():
            if self._books.get(ticker) is book:
                continue
            self._books[ticker] = book
            text = quote(book).model_dump_json()
            if self._quotes.get(ticker) != text:
                self._quotes[ticker] = changed[ticker] = text
        return changed


def _evidence(read_model: ReadModel) -> str:
    figures = figures_of(read_model.evidence)
    return evidence_summary(figures, read_model.evidence_seq).model_dump_json()


def _trades(engine: Engine) -> str:
    return _TRADES.dump_json(newest_trades(engine, LAST_TRADES)).decode()


def _orders(engine: Engine) -> str:
    orders = newest_orders(engine.account.orders.values(), LAST_ORDERS)
    return _ORDERS.dump_json(orders).decode()


def quote(book: Book) -> Quote:
    """The best of a market's book."""
    return Quote(
        bid=book.bid,
        bid_count=book.bids[0].count if book.bids else ZERO,
        ask=book.ask,
        ask_count=book.asks[0].count if book.asks else ZERO,
        book_at=book.valid_at,
    )


def _after(last: object, items: deque[S]) -> list[S]:
    """The items after ``last``, all of them where it is not there any more."""
    found: list[S] = []
    for item in reversed(items):
        if item is last:
            break
        found.append(item)
    return found[::-1]


def _object(parts: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{text}' for name, text in parts.items()) + "}"


def _array(parts: list[str] | deque[str]) -> str:
    return "[" + ",".join(parts) + "]"
