"""On paper a person sells as the book pays, whatever is asked for, how often, and filled how.

What the books still have for us is counted here anew, level by level, from the books and the fills.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import CancelRequest, ClosePosition, CycleDue, Event
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, Side, Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import Verdict
from kalshi_edge.engine import Engine
from kalshi_edge.execution.executor import Executor
from kalshi_edge.execution.simulator import SimulatedExchange
from kalshi_edge.portfolio.account import Account
from kalshi_edge.runner import run
from kalshi_edge.trading.fees import taker_fee
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.situation import situation
from kalshi_edge.trading.state import WorldState
from tests.support.builders import DAY, NOW, TICKER, book, ladder
from tests.support.trader_harness import InspectedEngine

D = Decimal
START, HELD = D(1000), D(60)
TRADE = Trade(
    "held", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW,
    count=HELD, open_count=HELD, paid=HELD * D("0.30"), fees=D("0.88"),
)  # fmt: skip

counts = st.integers(1, 40).map(Decimal)
quotes = st.dictionaries(st.integers(20, 45), counts, max_size=5).map(
    lambda found: [(D(cents) / 100, found[cents]) for cents in sorted(found, reverse=True)]
)
"""Bids; the same prices come again and again."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A wish to sell."""

    cents: int
    count: Decimal
    waits: bool


cents = st.integers(20, 31) | st.integers(15, 99)
sales = st.builds(Sale, cents, counts, st.booleans())
agains = st.just("again")
steps = st.lists(
    st.one_of(quotes, sales, sales, sales, agains, agains, st.just("cancel")), max_size=14
)


@dataclass
class Counted:
    """What the books still have for us, and what the account was worth before it sold."""

    left: dict[Decimal, Decimal] = field(default_factory=dict)
    shown: dict[Decimal, Decimal] = field(default_factory=dict)
    valid_at: object = None
    equity: Decimal = START
    bankroll_most: Decimal = START
    cash: Decimal = START
    fills: list[Fill] = field(default_factory=list)

    def shows(self, quotes: Sequence[tuple[Decimal, Decimal]]) -> None:
        """Others show this from now on: what was taken may be among it."""
        taken = {p: self.shown[p] - self.left.get(p, D(0)) for p in self.shown}
        self.shown = dict(quotes)
        self.left = {p: max(n - taken.get(p, D(0)), D(0)) for p, n in quotes}

    def sees(self, engine: Engine, event: Event, _: tuple[Verdict, ...]) -> None:
        """Take in what the loop was shown."""
        if isinstance(event, Book) and event.valid_at != self.valid_at:
            self.valid_at = event.valid_at
            self.equity = engine.account.tracker.equity(engine.state.marks)
        elif isinstance(event, Fill):
            self.fills.append(event)
            paid = min(self._taken(event), event.count * event.price)
            self.cash += paid - event.fee
            if engine.state.marks[TICKER].valid_at < event.valid_at:
                # Bids that have just gone still are the mark, without the one that paid.
                self.equity += paid

    def _taken(self, sold: Fill) -> Decimal:
        """Dollars that the book pays for ``sold``, the best that is left first."""
        count, paid = sold.count, D(0)
        for price in sorted(self.left, reverse=True):
            reached = price == sold.price if sold.is_taker else price >= sold.price
            step = min(count, self.left[price]) if reached else D(0)
            self.left[price] -= step
            count, paid = count - step, paid + step * price
        assert count == 0, f"{sold.count} at {sold.price}: nobody bid for {count} of them"
        return paid

    def holds(self, engine: Engine) -> None:
        """Check that nothing came from anywhere else, once all that followed is done."""
        tracker = engine.account.tracker
        worth = tracker.equity(engine.state.marks)
        assert tracker.cash == self.cash
        assert worth <= self.equity
        switch = engine.kill_switch.switch_at(NOW)
        now = situation(engine.account, switch, engine.state.marks, NOW)
        assert now.bankroll <= min(self.equity, tracker.cash + tracker.cost())
        assert (
            engine.account.opening_balance - worth >= engine.account.opening_balance - self.equity
        )
        (trade,) = tracker.trades.values()
        assert trade.imagined_gain == sum((fill.imagined_gain for fill in self.fills), D(0))


async def sold(script: Sequence[object], *, instant_fill: bool) -> tuple[Engine, Counted]:
    account = Account("paper", START + TRADE.paid + TRADE.fees, trades=[TRADE])
    engine = InspectedEngine(WorldState((), ()), account, Playbook())
    counted = Counted()
    engine.inspection = counted.sees
    exchange = SimulatedExchange(
        account.tracker.cash, positions={TICKER: HELD}, instant_fill=instant_fill
    )

    async def feed() -> AsyncIterator[Event]:
        yield ladder()
        shown: object = [(D("0.30"), D(20)), (D("0.28"), D(20))]
        for number, step in enumerate([shown, *script]):
            at = NOW + timedelta(seconds=number)
            if isinstance(step, Sale):
                price, name = D(step.cents) / 100, str(number)
                yield ClosePosition(
                    "held", step.count, price, at, waits=step.waits, command_id=name
                )
            elif step == "cancel":
                for order in list(account.orders.values()):
                    yield CancelRequest(order.intent.intent_id, "enough", at)
            else:
                shown = shown if step == "again" else step
                assert isinstance(shown, list)
                counted.shows(shown)
                yield book(TICKER, shown, [("0.99", 50)], at)
            counted.holds(engine)
        yield CycleDue(at)
        counted.holds(engine)

    async with SqliteStore(":memory:", "paper") as store:
        await run(exchange.watch(feed()), engine, Executor(exchange, store), store)
    assert exchange.ledger.cash == account.tracker.cash
    return engine, counted


@given(steps, st.booleans())
def test_no_sequence_of_sales_moves_the_account_by_more_than_the_books_pay(script, instant) -> None:
    engine, counted = asyncio.run(sold(script, instant_fill=instant))
    asked = {o.intent.intent_id: o.intent.limit_price for o in engine.account.orders.values()}
    for fill in counted.fills:
        short = max(asked[fill.intent_id] - fill.price, D(0)) * fill.count
        assert fill.imagined_gain == short
        assert instant or short == 0
        assert fill.side is Side.SELL


@given(st.integers(1, 99), counts)
def test_an_instant_fill_leaves_the_account_as_a_sale_at_any_price_does(cents, count) -> None:
    at_once, _ = asyncio.run(sold([Sale(cents, count, waits=False)], instant_fill=True))
    anyhow, _ = asyncio.run(sold([Sale(1, count, waits=False)], instant_fill=False))
    assert at_once.account.tracker.cash == anyhow.account.tracker.cash
    (first,), (second,) = (e.account.tracker.trades.values() for e in (at_once, anyhow))
    assert replace(first, imagined_gain=D(0)) == second


def test_the_imagined_gain_of_a_sale_by_hand() -> None:
    engine, _ = asyncio.run(sold([Sale(50, D(30), waits=False)], instant_fill=True))
    (trade,) = engine.account.tracker.trades.values()
    # 20 · (0.50 − 0.30) + 10 · (0.50 − 0.28)
    assert trade.imagined_gain == D("6.20")
    assert trade.received == D("8.80")
    rule = ladder().fee_rule
    fee = taker_fee(D("0.30"), D(20), rule, NOW, Side.SELL)
    assert trade.fees - TRADE.fees >= fee
    assert engine.account.tracker.cash == START + trade.received - (trade.fees - TRADE.fees)
