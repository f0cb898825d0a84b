"""The round trip that Kalshi asks of an API client: sign in, look, order, look, cancel.

The order is one contract at one cent, post only: it cannot trade before somebody sells at a cent.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.market_wire import parse_event_ticker
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.domain.market import Book, Market
from kalshi_edge.domain.orders import (
    Intent,
    Order,
    OrderReport,
    OrderState,
    Side,
    Strategy,
    TimeInForce,
)
from kalshi_edge.errors import ContractError, OutcomeUnknown
from kalshi_edge.runtime.environment import Environment, environment_of
from kalshi_edge.runtime.requirements import check_settings
from kalshi_edge.units import ONE

CHEAP = Decimal("0.01")
"""Dollars for the one contract; the least that the exchange takes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the round trip, and what came of it."""

    name: str
    request: str
    result: str


async def sample_steps(settings: Settings) -> AsyncIterator[Step]:
    """The steps, each once it has been taken.

    Raises an ``EdgeError`` at the first that does not go as it must; what rests is taken out
    again even then.
    """
    check_settings(settings, asks_weather=False, needs_key=True)
    environment = await environment_of(settings, asks_weather=False)
    account = environment.account_client()
    assert account is not None  # or the missing key would have been refused
    async with AsyncExitStack() as stack:
        public = environment.public_client()
        stack.push_async_callback(public.aclose)
        stack.push_async_callback(account.aclose)
        lead = await public.check_clock()
        limits = await account.learn_limits()
        signed = f"signature accepted, tier {limits.tier}, clock {lead.total_seconds():+.1f} s off"
        yield Step("authenticate", "GET /account/limits", signed)
        yield Step("balance", "GET /portfolio/balance", f"${await account.balance():,.4f}")
        market, book = await _far_market(public, settings)
        bid = "no bid" if book.bid is None else f"bid ${book.bid}"
        yield Step(
            "markets",
            "GET /events, /markets/orderbooks",
            f"{market.ticker}: {bid}, ask ${book.ask}",
        )
        async for step in _round_trip(account, public, environment, market):
            yield step


async def _far_market(public: PublicClient, settings: Settings) -> tuple[Market, Book]:
    """The market whose best ask is farthest above the price of our order."""
    ladders = (await public.ladders(settings.stations)).found
    markets = {market.ticker: market for ladder in ladders for market in ladder.markets}
    books = (await public.books(tuple(markets))).found
    asked = [(book.ask, book) for book in books if book.ask is not None]
    if not asked:
        raise ContractError("no market has an ask at the moment: try when the exchange is open")
    price, book = max(asked, key=lambda one: one[0])
    if price <= 2 * CHEAP:
        raise ContractError(f"the dearest ask is ${price}: an order at ${CHEAP} would be near it")
    return markets[book.ticker], book


async def _round_trip(
    account: AccountClient, public: PublicClient, environment: Environment, market: Market
) -> AsyncIterator[Step]:
    """Place, read, cancel."""
    exchange = KalshiExchange(account, public, environment.clock)
    intent = far_order(market, environment.clock.now())
    try:
        taken = await exchange.place(intent)
    except OutcomeUnknown:
        await exchange.cancel(Order(intent, OrderState.UNKNOWN))
        raise
    try:
        placed = f"order {taken.order_id}: {taken.resting} in the book, {taken.filled} traded"
        asked = f"POST /portfolio/events/orders, 1 at ${intent.limit_price}"
        yield Step("place", asked, placed)
        report = await account.order(taken.order_id)
        yield Step("read", "GET /portfolio/orders/{id}", f"{_state(report)} at ${report.price}")
    finally:
        back = await exchange.cancel(Order(intent, OrderState.RESTING, taken.order_id))
    after = await account.order(taken.order_id)
    yield Step(
        "cancel", "DELETE /portfolio/events/orders/{id}", f"{_state(after)}, {back} taken back"
    )


def _state(report: OrderReport) -> str:
    return "resting" if report.rests else report.reason


def far_order(market: Market, now: datetime) -> Intent:
    """One contract at one cent, post only: it rests, far from any trade."""
    name = f"sample-{secrets.token_hex(8)}"
    station, day = parse_event_ticker(market.ticker.rpartition("-")[0])
    return Intent(
        intent_id=name,
        trade_id=name,
        strategy=Strategy.SINGLE,
        ticker=market.ticker,
        city=station.city,
        climate_day=day,
        side=Side.BUY,
        count=ONE,
        limit_price=CHEAP,
        created_at=now,
        cost_limit=ONE,
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        post_only=True,
    )
