"""Whatever is ordered and whatever books come: nothing for nothing, every cent accounted for."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.events import CycleDue, Event
from kalshi_edge.domain.market import Book, FeeRule, FeeType, Level
from kalshi_edge.domain.orders import (
    Fill,
    Intent,
    Order,
    OrderReport,
    Settlement,
    Side,
    TimeInForce,
)
from kalshi_edge.errors import OrderRejected
from kalshi_edge.execution.simulator import SimulatedExchange, settle
from kalshi_edge.portfolio.tracker import Tracker
from kalshi_edge.trading.fees import OrderFees, fee_parity, fee_regime
from kalshi_edge.units import ZERO
from tests.support.builders import NOW, TICKER, book, intent, ladder

START = Decimal(100)
OTHER = "KXHIGHNY-26NOV22-B54.5"
GTC = TimeInForce.GOOD_TILL_CANCELED

cents = st.integers(1, 99) | st.integers(44, 56)
counts = st.integers(1, 3_000).map(lambda hundredths: Decimal(hundredths) / 100)
sides = st.sampled_from(Side)
tickers = st.sampled_from([TICKER, TICKER, OTHER])


@st.composite
def observed_books(draw) -> Book:
    prices = draw(st.lists(cents, min_size=2, max_size=8, unique=True).map(sorted))
    split = draw(st.integers(0, len(prices)))
    sizes = [draw(counts) for _ in prices]
    quotes = [(Decimal(price) / 100, size) for price, size in zip(prices, sizes, strict=True)]
    return book(draw(tickers), quotes[:split][::-1], quotes[split:])


orders = st.builds(
    intent,
    tickers,
    sides,
    counts,
    cents.map(lambda c: Decimal(c) / 100),
    time_in_force=st.sampled_from([GTC, *TimeInForce]),
    post_only=st.sampled_from([False, False, False, True]),
    reduces=st.sampled_from([False, False, True]),
)
something = st.one_of(observed_books(), orders, orders, st.integers(2, 30))
steps = st.tuples(observed_books(), st.lists(something, min_size=10, max_size=30)).map(
    lambda parts: [replace(parts[0], ticker=TICKER), *parts[1]]
)
rules = st.sampled_from([FeeRule(), FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES)])


@dataclass
class Story:
    """What was done to an exchange, and what it said."""

    exchange: SimulatedExchange
    out: list[Event] = field(default_factory=list)
    placed: dict[str, tuple[Intent, OrderReport, Book]] = field(default_factory=dict)
    cancelled: dict[str, Decimal] = field(default_factory=dict)

    @property
    def fills(self) -> list[Fill]:
        return [event for event in self.out if isinstance(event, Fill)]


async def told(steps, rule: FeeRule) -> Story:
    """The story of ``steps``: a book is shown, an order is placed, a number cancels that order."""
    story = Story(SimulatedExchange(START))
    todo = iter(enumerate(steps, start=1))
    books: dict[str, Book] = {}

    async def feed():
        yield ladder(fee_rule=rule)
        for number, step in todo:
            at = NOW + timedelta(seconds=number)
            if isinstance(step, Book):
                books[step.ticker] = replace(step, received_at=at)
                yield books[step.ticker]
            elif isinstance(step, Intent):
                await place(replace(step, intent_id=str(number)))
            elif (known := story.placed.get(str(step))) is not None:
                taken_back = await story.exchange.cancel(Order(known[0]))
                story.cancelled[str(step)] = taken_back + story.cancelled.get(str(step), ZERO)
        yield CycleDue(NOW + timedelta(hours=1))

    async def place(order: Intent):
        try:
            report = await story.exchange.place(order)
        except OrderRejected:
            return
        story.placed[order.intent_id] = order, report, books[order.ticker]

    async for event in story.exchange.watch(feed()):
        story.out.append(event)
        assert story.exchange.ledger.cash >= -Decimal("0.01")
    return story


def run(steps, rule: FeeRule = FeeRule()) -> Story:  # noqa: B008 - a frozen value
    return asyncio.run(told(steps, rule))


@given(steps, rules, st.integers(40, 70))
def test_every_cent_and_every_contract_is_accounted_for(steps, rule, high):
    story = run(steps, rule)
    flows, held = ZERO, defaultdict(Decimal)
    for fill in story.fills:
        sign = 1 if fill.side is Side.BUY else -1
        flows -= sign * fill.price * fill.count + fill.fee
        held[fill.ticker] += sign * fill.count
    ledger = story.exchange.ledger
    assert ledger.positions == {ticker: count for ticker, count in held.items() if count}
    # cash is what flowed, less a dollar behind every contract sold short
    assert ledger.cash == START + flows - sum((max(-n, ZERO) for n in held.values()), ZERO)

    for settlement in settle(ladder(), high, NOW + timedelta(days=1)):
        ledger = ledger.settled(settlement)
        flows += settlement.value * held[settlement.ticker]
    assert (ledger.cash, ledger.positions) == (START + flows, {})


@given(steps)
def test_no_fill_is_worse_than_the_limit_or_better_than_the_book(steps):
    story = run(steps)
    for fill in story.fills:
        order, _, seen = story.placed[fill.intent_id]
        better = order.limit_price - fill.price
        assert (better if order.side is Side.BUY else -better) >= 0
        if fill.is_taker:
            offered = seen.asks if order.side is Side.BUY else seen.bids
            assert fill.price in {level.price for level in offered}
        else:
            assert fill.price == order.limit_price


@given(steps)
def test_orders_trade_no_more_than_they_are_and_what_is_left_is_told(steps):
    story = run(steps)
    filled = defaultdict(Decimal)
    for fill in story.fills:
        filled[fill.intent_id] += fill.count
    for name, (order, report, _) in story.placed.items():
        assert filled[name] + story.cancelled.get(name, ZERO) <= order.count
        assert report.filled + report.resting <= order.count
        assert filled[name] >= report.filled
        if report.resting == ZERO:
            assert filled[name] == report.filled
        if order.time_in_force is not GTC:
            assert report.resting == ZERO
    assert filled.keys() <= story.placed.keys()


@given(steps)
def test_between_two_books_no_more_is_taken_than_the_first_showed(steps):
    story = run(steps)
    left: dict[tuple[str, Side], Decimal] = {}
    for event in story.out:
        if isinstance(event, Book):
            for side, levels in ((Side.BUY, event.asks), (Side.SELL, event.bids)):
                left[event.ticker, side] = sum((level.count for level in levels), ZERO)
        elif isinstance(event, Fill):
            left[event.ticker, event.side] -= event.count
            assert left[event.ticker, event.side] >= ZERO


@given(steps, rules)
def test_every_order_pays_the_fees_of_its_fills(steps, rule):
    story = run(steps, rule)
    parity = fee_parity(story.fills, rule)
    assert parity.differences == ()
    by_order = defaultdict(list)
    for fill in story.fills:
        by_order[fill.intent_id].append(fill)
    for fills in by_order.values():
        fees = OrderFees(rule, fee_regime(NOW))
        for fill in fills:
            fee, fees = fees.charge(fill.side, fill.price, fill.count, is_taker=fill.is_taker)
            assert fill.fee == fee


@given(st.lists(st.tuples(sides, cents, counts), min_size=1, max_size=6), observed_books())
def test_resting_orders_trade_best_price_first_then_oldest(wanted, after):
    exchange = SimulatedExchange(Decimal(10_000))
    queue: list[Intent] = []

    async def feed():
        yield ladder()
        yield book(TICKER, (), ())
        for number, (side, price, count) in enumerate(wanted):
            order = intent(TICKER, side, count, Decimal(price) / 100, time_in_force=GTC)
            order = replace(order, intent_id=str(number))
            if (await exchange.place(order)).resting:
                queue.append(order)
        yield replace(after, ticker=TICKER)

    async def fills() -> dict[str, Decimal]:
        found = defaultdict(Decimal)
        async for event in exchange.watch(feed()):
            if isinstance(event, Fill):
                found[event.intent_id] += event.count
        return found

    filled = asyncio.run(fills())
    for side, levels in ((Side.BUY, after.asks), (Side.SELL, after.bids)):
        _check_queue(side, [order for order in queue if order.side is side], levels, filled)


def _check_queue(side, queue, levels: tuple[Level, ...], filled) -> None:
    sign = -1 if side is Side.BUY else 1
    left = list(levels)
    for order in sorted(queue, key=lambda order: sign * order.limit_price):
        beyond = [x for x in left if sign * (x.price - order.limit_price) > 0]
        depth = sum((level.count for level in beyond), ZERO)
        assert filled[order.intent_id] == min(order.count, depth)
        taken = filled[order.intent_id]
        for level in beyond:
            step = min(taken, level.count)
            taken -= step
            left = [Level(x.price, x.count - step) if x is level else x for x in left]


@given(steps, rules)
def test_the_same_story_ends_the_same(steps, rule):
    first, second = run(steps, rule), run(steps, rule)
    assert first.out == second.out
    assert first.exchange.ledger == second.exchange.ledger


@given(st.lists(st.tuples(counts, cents), max_size=8), st.data())
def test_the_exchange_and_our_own_books_agree_to_the_last_digit(wanted, data):
    """Buy, sell what is held, settle: the tracker knows only the fills, and finds the same cash."""
    exchange, tracker = SimulatedExchange(START), Tracker("paper", START)
    offers = [(Decimal(p) / 100, n) for n, p in sorted(wanted, key=lambda w: w[1])]
    offers = list({price: (price, count) for price, count in offers}.values())
    intents: dict[str, Intent] = {}

    async def place(order: Intent):
        intents[order.intent_id] = order
        try:
            await exchange.place(order)
        except OrderRejected:
            return

    async def feed():
        yield ladder()
        yield book(TICKER, (), offers)
        await place(intent(count=data.draw(counts), price="0.99"))
        yield book(TICKER, [(1 - price, count) for price, count in offers], ())
        await place(intent(TICKER, Side.SELL, data.draw(counts), "0.01", reduces=True))
        for settlement in settle(ladder(), data.draw(st.integers(50, 55)), NOW):
            yield settlement

    async def follow():
        async for event in exchange.watch(feed()):
            if isinstance(event, Fill):
                tracker.fill(event, intents[event.intent_id])
            elif isinstance(event, Settlement):
                tracker.settle(event)

    asyncio.run(follow())
    assert tracker.cash == exchange.ledger.cash
    assert exchange.ledger.positions == {}
