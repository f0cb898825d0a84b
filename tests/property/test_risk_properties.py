"""No limit is passed at any instant, whatever the world does and whatever becomes of our orders.

Everything is counted here anew from fills, orders and approvals, not asked of the code under test.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.domain.events import Event
from kalshi_edge.domain.market import Book, Level
from kalshi_edge.domain.orders import Fill, Intent, Order, Settlement, Side, Strategy
from kalshi_edge.domain.records import DailyRecord, Switch
from kalshi_edge.domain.verdicts import Approved, Refused, Verdict
from kalshi_edge.engine import Engine
from kalshi_edge.execution.simulated_ledger import Ledger
from tests.support.trader_harness import (
    SETUP,
    DrawnExchange,
    Fate,
    Scene,
    TraderHarness,
    fates,
    scripts,
    told,
)

D = Decimal
LIMITS, GATES = SETUP.playbook.limits, SETUP.playbook.gates
ROUNDING = D("0.0002")
"""An order filled in pieces may round its fee up by this much more than in one."""


class Auditor:
    """Keeps books of its own and holds the engine against them after every event."""

    def __init__(self) -> None:
        self.ledger = Ledger(SETUP.starting_balance)
        self.books: dict[str, Book] = {}
        self.marks: dict[str, Book] = {}
        """Of each market the last book with a price, less what we took of it since."""
        self.fills: set[str] = set()
        self.paid: dict[str, Decimal] = {}
        self.cost: Counter[str] = Counter()
        """Dollars by ticker of what is held, and in ``fees`` what it cost beside."""
        self.fees: Counter[str] = Counter()
        self.where: dict[str, tuple[str, date]] = {}
        self.allowed: dict[tuple[str, date], Decimal] = {}
        self.opening = SETUP.starting_balance
        self.approved = 0

    def look(self, engine: Engine, event: Event, verdicts: tuple[Verdict, ...]) -> None:
        """Take in ``event`` and check everything that must always hold."""
        for verdict in verdicts:
            if isinstance(verdict, DailyRecord):
                self.opening = verdict.closing_balance
        self._take(engine, event)
        for verdict in verdicts:
            if isinstance(verdict, Approved):
                self._check_approval(engine, verdict, event.received_at, verdicts)
        self._check_money(engine)
        self._check_counts(engine)
        self._check_budgets(engine)
        self._check_day_loss(engine, event)

    def _take(self, engine: Engine, event: Event) -> None:
        if isinstance(event, Fill) and event.is_taker and event.fill_id not in self.fills:
            self._take_out(event)
        match event:
            case Book():
                self.books[event.ticker] = event
                self._mark(event)
            case Fill() if event.ticker in self.paid and event.fill_id not in self.fills:
                self.fills.add(event.fill_id)
                each = self.paid[event.ticker] - event.price
                gain = each * event.count * (1 if event.side is Side.BUY else -1)
                self.ledger = Ledger(self.ledger.cash + gain - event.fee, self.ledger.positions)
            case Fill() if event.fill_id not in self.fills:
                self.fills.add(event.fill_id)
                before = self.ledger.held(event.ticker)
                self.ledger = self.ledger.filled(event)
                after = self.ledger.held(event.ticker)
                intent = engine.account.orders[event.intent_id].intent
                self.where[event.ticker] = intent.city, intent.climate_day
                self.fees[event.ticker] += event.fee
                if event.side is Side.BUY:
                    self.cost[event.ticker] += event.count * event.price
                else:
                    self.cost[event.ticker] *= after / before
                if after == 0:
                    self.fees[event.ticker] = D(0)
            case Settlement():
                self.ledger = self.ledger.settled(event)
                self.paid[event.ticker] = event.value
                self.cost[event.ticker] = self.fees[event.ticker] = D(0)
            case _:
                pass

    def _mark(self, book: Book) -> None:
        """An empty book is a pause; a side that is gone counts as gone after five minutes."""
        before = self.marks.get(book.ticker, book)
        is_gone = (before.bids and not book.bids) or (before.asks and not book.asks)
        is_old = book.received_at - before.received_at > timedelta(minutes=5)
        if (book.bids or book.asks) and (is_old or not is_gone):
            self.marks[book.ticker] = book

    def _take_out(self, fill: Fill) -> None:
        mark = self.marks[fill.ticker]
        if mark.valid_at > fill.valid_at:
            return
        side = "asks" if fill.side is Side.BUY else "bids"
        levels = {level.price: level.count for level in getattr(mark, side)}
        if fill.price in levels:
            levels[fill.price] -= fill.count
        left = tuple(Level(price, count) for price, count in levels.items() if count > 0)
        self.marks[fill.ticker] = replace(mark, **{side: left})

    def _check_approval(
        self, engine: Engine, verdict: Approved, at: datetime, verdicts: Sequence[Verdict]
    ) -> None:
        if verdict.opportunity is None:
            return
        self.approved += 1
        assert not engine.kill_switch.switch_at(at).is_halted(at)
        assert not any(isinstance(v, Switch) and v.is_halted(at) for v in verdicts)
        counts = {intent.count for intent in verdict.intents}
        assert len(counts) == 1
        if verdict.opportunity.strategy is Strategy.BRACKET:
            low, high = (leg.bin for leg in verdict.opportunity.legs)
            assert low.is_bounded
            assert high.is_bounded
            assert low.upper is not None
            assert high.lower == low.upper + 1
            assert len({intent.bracket_id for intent in verdict.intents}) == 1
        else:
            assert [intent.bracket_id for intent in verdict.intents] == [None]
        for intent in verdict.intents:
            self._check_quote(intent)
        first = verdict.intents[0]
        bankroll = self.ledger.cash + sum(
            trade.paid * trade.open_count / trade.count
            for trade in engine.account.tracker.open_trades()
        )
        key = first.city, first.climate_day
        self.allowed[key] = LIMITS.city_day_share * min(bankroll, self._equity(engine))

    def _check_quote(self, intent: Intent) -> None:
        newest = self.books[intent.ticker]
        (best, *_), bid = newest.asks, newest.bid or D(0)
        assert intent.limit_price == best.price
        assert 1 <= intent.count <= best.count
        assert GATES.min_ask <= best.price <= GATES.max_ask
        assert best.price - bid <= GATES.max_spread
        assert intent.created_at - newest.valid_at <= timedelta(minutes=5)

    def _equity(self, engine: Engine) -> Decimal:
        worth = D(0)
        for trade in engine.account.tracker.open_trades():
            left = trade.open_count
            for level in self.marks[trade.ticker].bids:
                step = min(left, level.count)
                worth, left = worth + step * level.price, left - step
        return self.ledger.cash + worth

    def _check_money(self, engine: Engine) -> None:
        tracker = engine.account.tracker
        assert tracker.cash == self.ledger.cash >= 0
        held = {trade.ticker: trade.open_count for trade in tracker.open_trades()}
        assert held == dict(self.ledger.positions)
        assert tracker.cash == SETUP.starting_balance + sum(
            (t.received - t.paid - t.fees for t in tracker.trades.values()), D(0)
        )

    def _live(self, engine: Engine) -> list[Order]:
        return [o for o in engine.account.orders.values() if o.is_live and not o.intent.reduces]

    def _check_counts(self, engine: Engine) -> None:
        tickers = {o.intent.ticker: o.intent.city for o in self._live(engine)}
        tickers |= {t.ticker: t.city for t in engine.account.tracker.open_trades()}
        assert len(tickers) <= LIMITS.max_positions
        assert all(
            count <= LIMITS.max_city_positions for count in Counter(tickers.values()).values()
        )
        trade_ids = Counter(
            name
            for name in {(t.ticker, t.trade_id) for t in engine.account.tracker.open_trades()}
            | {(o.intent.ticker, o.intent.trade_id) for o in self._live(engine)}
        )
        assert len(trade_ids) == len({ticker for ticker, _ in trade_ids})

    def _check_budgets(self, engine: Engine) -> None:
        use: Counter[tuple[str, date]] = Counter()
        for ticker, place in self.where.items():
            use[place] += self.cost[ticker] + self.fees[ticker]
        for order in self._live(engine):
            intent = order.intent
            each = intent.cost_limit / intent.count
            use[intent.city, intent.climate_day] += order.pending * each
        for key, dollars in use.items():
            if dollars:
                assert dollars <= self.allowed[key] + ROUNDING
        assert self.ledger.cash >= sum(o.pending * o.intent.limit_price for o in self._live(engine))

    def _check_day_loss(self, engine: Engine, event: Event) -> None:
        loss = self.opening - self._equity(engine)
        if loss > D("0.05") * self.opening:
            assert engine.kill_switch.switch_at(event.received_at).is_halted(event.received_at)


@given(scripts, st.lists(fates, max_size=40))
def test_no_limit_is_passed_at_any_instant(script: list[Scene], drawn: list[Fate]) -> None:
    auditor, exchange = Auditor(), DrawnExchange(drawn)
    desk = TraderHarness(exchange, inspection=auditor.look)
    asyncio.run(desk.play(told(script)))
    assert len({intent.intent_id for intent in exchange.sent}) == len(exchange.sent)


@settings(max_examples=25)
@given(scripts)
def test_every_refusal_names_a_rule_and_every_approval_passed_all(script: list[Scene]) -> None:
    desk = TraderHarness(DrawnExchange([]))
    asyncio.run(desk.play(told(script)))
    for line in asyncio.run(_journal(desk)):
        for verdict in line.verdicts:
            if isinstance(verdict, Approved):
                assert all(check.passed for check in verdict.checks)
            elif isinstance(verdict, Refused):
                assert verdict.failures


async def _journal(desk: TraderHarness) -> Sequence[object]:
    return await desk.store.journal()
