"""How the situations of an account begin: an engine that trades, what it holds, a store's life."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.events import ClosePosition, Event, OrderUpdate, Started
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import Intent, Order, OrderReport, OrderState, OrderStep, Side
from kalshi_edge.domain.verdicts import Adopted, Approved, Verdict
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.runner import Journal
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from kalshi_edge.trading.fees import taker_fee
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import DAY, EVENT, book, event_ticker, fill, forecast, intent, ladder

D = Decimal
EVE = datetime(2026, 11, 21, 20, tzinfo=UTC)
"""The evening before New York's climate day of the 22nd."""
TICKER = f"{EVENT}-B54.5"
OTHER = f"{EVENT}-B52.5"
AROUND_54 = {10: 51.4368, 50: 54.0, 90: 56.5632}
"""Percentiles of a normal high: 54 ± 2 °F."""


def setup(
    *cities: str, mode: str = "demo", balance: Any = 1000, breakers: CircuitBreakers | None = None
) -> Setup:
    stations = tuple(station_of(city) for city in cities or ("NYC",))
    return Setup(mode, stations, ("NBP",), D(balance), Playbook(), breakers)


def later(seconds: float) -> datetime:
    return EVE + timedelta(seconds=seconds)


def offer(
    city: str = "NYC",
    at: datetime = EVE,
    *,
    day: date = DAY,
    bids: Iterable[tuple[Any, Any]] = (("0.23", 500),),
    asks: Iterable[tuple[Any, Any]] = (("0.25", 100),),
) -> tuple[Event, ...]:
    """A city's ladder, a forecast of 54 ± 2 °F, and what its bin of 54 and 55 °F is offered at."""
    return (
        replace(ladder(city, day), received_at=at),
        forecast(AROUND_54, city, day, run_at=at, received_at=at),
        book(f"{event_ticker(city, day)}-B54.5", bids, asks, at),
    )


def trading(*events: Event, breakers: CircuitBreakers | None = None) -> Engine:
    """An engine of New York that has one cheap offer before it."""
    engine = setup(breakers=breakers or CircuitBreakers()).fresh_engine()
    for event in (Started(EVE), *offer(), *events):
        engine.handle(event)
    return engine


def of(kind: type, verdicts: Iterable[Verdict]) -> list[Any]:
    return [verdict for verdict in verdicts if isinstance(verdict, kind)]


def resting(engine: Engine, order: Intent) -> Intent:
    """An order that is in the exchange's book, as the account has it."""
    engine.account.orders[order.intent_id] = Order(order, OrderState.RESTING, "x")
    return order


def bought(engine: Engine, count: Any = 10, ticker: str = TICKER, **changes: Any) -> Intent:
    """Contracts bought at 0.25 dollars with the exchange's fee; the order they came of."""
    order = resting(engine, intent(ticker, count=count, price="0.25", created_at=EVE, **changes))
    fee = taker_fee(D("0.25"), D(count), FeeRule(), EVE)
    engine.handle(fill(order, count, "0.25", fee, valid_at=EVE, received_at=EVE))
    return order


def waiting_sale(engine: Engine, entry: Intent, count: Any = 10, price: str = "0.40") -> Intent:
    """A person's limit sale of what ``entry`` bought, which the exchange has taken."""
    close = ClosePosition(
        entry.trade_id, D(count), D(price), later(60), waits=True, command_id="a sale"
    )
    (approved,) = of(Approved, engine.handle(close))
    (sale,) = approved.intents
    engine.handle(OrderUpdate(sale.intent_id, OrderStep.SEND, later(60)))
    engine.handle(OrderUpdate(sale.intent_id, OrderStep.ACCEPT, later(61), order_id="sale"))
    return sale


def sold_by_hand(engine: Engine, count: Any = 10) -> list[Verdict]:
    """The owner sells in the exchange's own app, two minutes on."""
    by_hand = intent(TICKER, Side.SELL, count, "0.23", name="by hand")
    return list(
        engine.handle(
            fill(by_hand, count, "0.23", "0.13", valid_at=later(120), received_at=later(120))
        )
    )


def filled(sale: Intent, count: Any = 10, **changes: Any) -> Event:
    """The waiting sale trades as a maker, five minutes on."""
    whole = {"is_taker": False, "valid_at": later(300), "received_at": later(300)}
    return fill(sale, count, "0.40", "0", **(whole | changes))


def statement(
    at: datetime, cash: Any, held: dict[str, Any], *orders: OrderReport
) -> AccountStatement:
    holdings = tuple(Holding(ticker, D(count), D("2")) for ticker, count in held.items())
    return AccountStatement(at, at, D(cash), holdings, orders, EVE - timedelta(days=2))


def position(engine: Engine, ticker: str = TICKER) -> Decimal:
    """Contracts held by our own books, negative where they are NO."""
    open_trades = [t for t in engine.account.tracker.open_trades() if t.ticker == ticker]
    return sum((t.open_count if t.side is Side.BUY else -t.open_count for t in open_trades), D(0))


async def written(store: SqliteStore, engine: Engine, *events: Event) -> Sequence[Verdict]:
    """What ``engine`` answers to ``events``, with the journal written as the loop writes it."""
    journal = Journal(await store.last_seq())
    verdicts: list[Verdict] = []
    for event in events:
        answers = engine.handle(event)
        verdicts += answers
        for adopted in of(Adopted, answers):
            await store.add_order(adopted.order)
        line = journal.line(object(), event, answers, engine.account)
        if line is not None:
            await store.append(line)
    return verdicts
