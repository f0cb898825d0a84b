"""One suite for whatever takes our orders: the simulator, and Kalshi's client before the sandbox.

What others show is brought about on each in its own way; what must follow is the same.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from kalshi_edge.domain.events import Event, OrderUpdate
from kalshi_edge.domain.market import Book, FeeRule
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    OrderState,
    OrderStep,
    Side,
    TimeInForce,
)
from kalshi_edge.errors import OrderRejected
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.ports import Exchange
from kalshi_edge.trading.fees import taker_fee
from tests.support.builders import NOW, TICKER, Quote, book, intent, ladder
from tests.support.kalshi_sandbox import Member, member
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
GTC, FOK = TimeInForce.GOOD_TILL_CANCELED, TimeInForce.FILL_OR_KILL
BIDS: list[Quote] = [("0.28", 20), ("0.25", 20)]
ASKS: list[Quote] = [("0.33", 10), ("0.35", "10.5")]


class Venue(Protocol):
    """An exchange with 100 dollars of ours in it, and a way to be others and to listen."""

    exchange: Exchange
    ticker: str

    async def show(self, bids: Sequence[Quote], asks: Sequence[Quote]) -> None:
        """Let others offer this and nothing else."""
        ...

    async def take(self, side: Side, price: str, count: int) -> None:
        """Let somebody trade ``count`` contracts through ``price``."""
        ...

    async def news(self, *kinds: type) -> list[Any]:
        """The next news of each of ``kinds`` in turn."""
        ...


class Simulated:
    """The simulator behind a feed of books."""

    def __init__(self) -> None:
        self.exchange = SimulatedExchange(D(100))
        self.ticker = TICKER
        self.at = NOW
        self.heard: list[Event] = []

    async def told(self, *events: Event) -> None:
        async def feed() -> AsyncIterator[Event]:
            for event in events:
                yield event

        self.heard += [event async for event in self.exchange.watch(feed())]

    async def show(self, bids: Sequence[Quote], asks: Sequence[Quote]) -> None:
        self.at += timedelta(seconds=1)
        await self.told(book(TICKER, bids, asks, self.at))

    async def take(self, side: Side, price: str, count: int) -> None:
        beyond = D(price) + (D("-0.01") if side is SELL else D("0.01"))
        quotes: list[Quote] = [(beyond, count)]
        await self.show(*(([], quotes) if side is SELL else (quotes, [])))

    async def news(self, *kinds: type) -> list[Any]:
        await self.told()
        found: list[Any] = []
        while len(found) < len(kinds):
            event = self.heard.pop(0)
            if isinstance(event, kinds[len(found)]):
                found.append(event)
        return found


class Sandboxed:
    """The client, its feed and the sandbox."""

    def __init__(self, at: Member) -> None:
        self.at = at
        self.exchange = at.exchange
        self.ticker = at.ticker

    async def show(self, bids: Sequence[Quote], asks: Sequence[Quote]) -> None:
        self.at.sandbox.exchange.desk.cancel_all(self.at.house)
        for side, quotes in ((BUY, bids), (SELL, asks)):
            for price, count in quotes:
                self.at.offer(side, str(price), count)

    async def take(self, side: Side, price: str, count: int) -> None:
        self.at.take(side, price, count)

    async def news(self, *kinds: type) -> list[Any]:
        return await self.at.hear(*kinds)


@asynccontextmanager
async def simulated() -> AsyncIterator[Venue]:
    venue = Simulated()
    await venue.told(ladder())
    yield venue


@asynccontextmanager
async def sandboxed() -> AsyncIterator[Venue]:
    async with member("100") as at:
        stream = at.stream()
        await stream.watch([at.ticker])
        async with at.listening(stream):
            await at.hear(Book)
            yield Sandboxed(at)


@pytest.fixture(params=[simulated, sandboxed], ids=["simulator", "kalshi"])
async def venue(request: pytest.FixtureRequest) -> AsyncIterator[Venue]:
    async with request.param() as found:
        await found.show(BIDS, ASKS)
        yield found


def order(
    venue: Venue, side: Side = BUY, count: Any = 5, price: Any = "0.33", **more: Any
) -> Intent:
    return intent(venue.ticker, side, count, price, **more)


def placed(wanted: Intent, report: OrderReport) -> Order:
    return Order(wanted, OrderState.RESTING, report.order_id)


async def test_what_is_offered_is_taken_at_its_own_prices_and_the_real_fee_is_charged(venue):
    wanted = order(venue, count=12, price="0.36")
    report = await venue.exchange.place(wanted)
    assert (report.filled, report.resting) == (D(12), D(0))
    fills = await venue.news(Fill, Fill)
    assert [(f.price, f.count) for f in fills] == [(D("0.33"), D(10)), (D("0.35"), D(2))]
    assert {(f.intent_id, f.ticker, f.side, f.is_taker) for f in fills} == {
        (wanted.intent_id, venue.ticker, BUY, True)
    }
    assert len({f.fill_id for f in fills}) == 2
    assert fills[0].fee == taker_fee(D("0.33"), D(10), FeeRule(), NOW)


async def test_more_than_is_offered_is_not_to_be_had(venue):
    report = await venue.exchange.place(order(venue, count=50, price="0.34"))
    assert (report.filled, report.resting) == (D(10), D(0))
    [fill] = await venue.news(Fill)
    assert (fill.count, fill.price) == (D(10), D("0.33"))


async def test_an_order_below_every_offer_finds_nothing(venue):
    report = await venue.exchange.place(order(venue, price="0.32"))
    assert (report.filled, report.resting) == (D(0), D(0))


@pytest.mark.parametrize(("count", "filled"), [("20.5", D("20.5")), ("20.51", D(0))])
async def test_all_or_nothing_is_all_or_nothing(venue, count, filled):
    wanted = order(venue, count=count, price="0.35", time_in_force=FOK)
    assert (await venue.exchange.place(wanted)).filled == filled


async def test_selling_takes_the_bids(venue):
    wanted = order(venue, SELL, 25, "0.25")
    assert (await venue.exchange.place(wanted)).filled == D(25)
    fills = await venue.news(Fill, Fill)
    assert [(f.side, f.price, f.count) for f in fills] == [
        (SELL, D("0.28"), D(20)),
        (SELL, D("0.25"), D(5)),
    ]


async def test_what_rests_is_taken_back_once(venue):
    wanted = order(venue, price="0.30", time_in_force=GTC, post_only=True)
    report = await venue.exchange.place(wanted)
    assert (report.filled, report.resting) == (D(0), D(5))
    assert await venue.exchange.cancel(placed(wanted, report)) == D(5)
    assert await venue.exchange.cancel(placed(wanted, report)) == D(0)


async def test_what_is_not_taken_at_once_rests_if_it_may(venue):
    wanted = order(venue, count=15, price="0.33", time_in_force=GTC)
    report = await venue.exchange.place(wanted)
    assert (report.filled, report.resting) == (D(10), D(5))
    assert await venue.exchange.cancel(placed(wanted, report)) == D(5)


@pytest.mark.parametrize(("side", "price", "hit"), [(BUY, "0.30", SELL), (SELL, "0.31", BUY)])
async def test_what_rests_trades_at_its_own_price_for_no_fee(venue, side, price, hit):
    wanted = order(venue, side, 5, price, time_in_force=GTC)
    report = await venue.exchange.place(wanted)
    await venue.take(hit, price, 3)
    [fill] = await venue.news(Fill)
    assert (fill.intent_id, fill.side, fill.count) == (wanted.intent_id, side, D(3))
    assert (fill.price, fill.fee, fill.is_taker) == (D(price), D(0), False)
    assert await venue.exchange.cancel(placed(wanted, report)) == D(2)


async def test_the_same_order_never_buys_twice(venue):
    wanted = order(venue, count=4)
    first = await venue.exchange.place(wanted)
    # the simulator refuses the second, the client answers with the first
    with suppress(OrderRejected):
        again = await venue.exchange.place(wanted)
        assert replace(again, reason="") == replace(first, reason="")
    # four of the ten are gone, and no more
    assert (await venue.exchange.place(order(venue, count=50))).filled == D(6)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "0.335"},
        {"count": "1.005"},
        {"count": 1000, "price": "0.32", "time_in_force": GTC},
        {"price": "0.33", "time_in_force": GTC, "post_only": True},
        {"time_in_force": GTC, "expires_at": NOW - timedelta(hours=1)},
    ],
    ids=["off the grid", "too fine", "too dear", "would take", "expired"],
)
async def test_what_is_refused_does_not_exist(venue, changes):
    with pytest.raises(OrderRejected):
        await venue.exchange.place(order(venue, **changes))
    assert (await venue.exchange.place(order(venue, count=50))).filled == D(10)


async def test_an_unknown_market_is_refused(venue):
    with pytest.raises(OrderRejected):
        await venue.exchange.place(replace(order(venue), ticker="KXHIGHNY-26NOV22-B99.5"))


async def test_closing_a_position_never_turns_it_round(venue):
    await venue.exchange.place(order(venue, count=4))
    closing = order(venue, SELL, 10, "0.25", reduces=True)
    assert (await venue.exchange.place(closing)).filled == D(4)
    nothing = order(venue, SELL, 10, "0.25", reduces=True, name="again")
    assert (await venue.exchange.place(nothing)).filled == D(0)


async def test_two_orders_of_ours_do_not_trade_with_each_other(venue):
    await venue.show([], [])
    bid = order(venue, BUY, 5, "0.30", time_in_force=GTC)
    report = await venue.exchange.place(bid)
    crossing = await venue.exchange.place(order(venue, SELL, 5, "0.30"))
    assert (crossing.filled, crossing.resting) == (D(0), D(0))
    assert await venue.exchange.cancel(placed(bid, report)) == D(5)


async def test_an_order_that_expires_says_so(venue):
    expires_at = NOW + timedelta(minutes=1)
    wanted = order(venue, price="0.30", time_in_force=GTC, expires_at=expires_at)
    report = await venue.exchange.place(wanted)
    if isinstance(venue, Simulated):
        venue.at = expires_at
        await venue.show(BIDS, ASKS)
    else:
        venue.at.advance(timedelta(minutes=1, seconds=1))
    async with asyncio.timeout(PATIENCE_S):
        update = OrderUpdate(wanted.intent_id, OrderStep.ACCEPT, NOW)
        while update.step is OrderStep.ACCEPT:
            [update] = await venue.news(OrderUpdate)
    assert (update.step, update.order_id) == (OrderStep.FINISH, report.order_id)
    assert update.reason == "ExpiryCancel"
    assert await venue.exchange.cancel(placed(wanted, report)) == D(0)
