"""Whatever the exchange and its other users do: nothing raises and no cent is lost.

Fills of our orders, larger ones, others' orders, twice and in any order; reports of every step;
payouts of any value, before and after; statements that agree and do not; days and clocks that jump.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.events import (
    CancelRequest,
    ClosePosition,
    CycleDue,
    DayTurned,
    Event,
    Halt,
    LookDue,
    OrderUpdate,
    Resume,
    Started,
)
from kalshi_edge.domain.orders import (
    Fill,
    Order,
    OrderReport,
    OrderStep,
    Settlement,
    Side,
    derived_id,
)
from kalshi_edge.domain.records import DailyRecord, SwitchState
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import EVENT, NOW, book, intent, ladder

D = Decimal
TICKERS = (f"{EVENT}-B52.5", f"{EVENT}-B54.5", "KXGAME-26NOV22-X")
ENTRY = intent(TICKERS[0], count=10, price="0.40", name="entry", trade_id="entry")
SALE = intent(TICKERS[0], Side.SELL, 10, "0.45", name="sale", trade_id="entry", reduces=True)
OTHER = intent(TICKERS[1], count=5, price="0.20", name="other", trade_id="other")
OURS = (ENTRY, SALE, OTHER)
NAMES = (*(one.intent_id for one in OURS), "by hand", "by hand too")

STARTING = D(1000)
minutes = st.integers(-3000, 3000)
counts = st.decimals("0.01", "30", places=2)
prices = st.decimals("0.0001", "0.9999", places=4)
tickers = st.sampled_from(TICKERS)
names = st.sampled_from(NAMES)


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


@st.composite
def fills(draw: st.DrawFn) -> Fill:
    name, number = draw(names), draw(st.integers(0, 5))
    ours = {one.intent_id: one for one in OURS}.get(name)
    moment = at(draw(minutes))
    return Fill(
        # one name, one fill: what is told twice is the same
        fill_id=derived_id(name, number),
        intent_id=name,
        ticker=ours.ticker if ours else draw(tickers),
        side=ours.side if ours else draw(st.sampled_from(Side)),
        count=draw(counts),
        price=draw(prices),
        fee=draw(st.decimals("-0.01", "1", places=6)),
        is_taker=draw(st.booleans()),
        valid_at=moment,
        received_at=moment,
    )


@st.composite
def stated_orders(draw: st.DrawFn) -> OrderReport:
    name = draw(names)
    return OrderReport(
        f"id of {name}", name, draw(tickers), draw(st.sampled_from(Side)), draw(prices),
        draw(counts), draw(st.just(D(0)) | counts), draw(st.sampled_from(["", "canceled"])),
    )  # fmt: skip


moments = minutes.map(at)
statements = st.builds(
    lambda moment, cash, held, orders: AccountStatement(
        moment, moment, cash, tuple(Holding(t, n, D(1)) for t, n in held.items()), tuple(orders),
        moment - timedelta(days=2),
    ),
    moments,
    st.decimals("0", "2000", places=4),
    st.dictionaries(tickers, st.decimals("-30", "30", places=2), max_size=3),
    st.lists(stated_orders(), max_size=3),
)  # fmt: skip
others = st.one_of(
    st.builds(
        OrderUpdate, names, st.sampled_from(OrderStep), moments, filled=st.just(D(0)) | counts,
        count=st.none() | counts, is_error=st.booleans(),
    ),
    st.builds(
        Settlement, tickers, st.decimals("0", "1", places=6), st.none(), moments, moments
    ),
    st.builds(Started, moments, st.just(())),
    st.builds(LookDue, moments),
    st.builds(CycleDue, moments),
    st.builds(DayTurned, moments),
    st.builds(book, tickers, st.sampled_from([[], [("0.3", 5)]]),
              st.sampled_from([[], [("0.4", 5)]]), moments),
    st.builds(
        ClosePosition, st.sampled_from(["entry", "other", "nobody"]), counts, prices, moments,
        waits=st.booleans(),
    ),
    st.builds(CancelRequest, names, st.just("why not"), moments),
    st.builds(Halt, st.just("by hand"), moments, level=st.sampled_from(SwitchState)),
    statements,
)  # fmt: skip


@dataclass
class Ledger:
    """The account as an exchange keeps it: one net position a market, pairs paid at once."""

    cash: Decimal = STARTING
    seen: set[str] = field(default_factory=set)
    held: dict[str, Decimal] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case Fill() if event.fill_id not in self.seen:
                self.seen.add(event.fill_id)
                bought = event.count if event.side is Side.BUY else -event.count
                before = self.held.get(event.ticker, D(0))
                after = self.held[event.ticker] = before + bought
                # A NO contract costs a dollar less the price of YES.
                collateral = max(-after, D(0)) - max(-before, D(0))
                self.cash -= bought * event.price + event.fee + collateral
                self._pay(event.ticker)
            case Settlement():
                self.paid[event.ticker] = event.value
                self._pay(event.ticker)
            case _:
                pass

    def _pay(self, ticker: str) -> None:
        if ticker in self.paid:
            held = self.held.pop(ticker, D(0))
            self.cash += held * self.paid[ticker] + max(-held, D(0))


def fresh() -> Engine:
    station = ladder().station
    setup = Setup("demo", (station,), ("NBP",), D(1000), Playbook(), CircuitBreakers())
    engine = setup.fresh_engine()
    engine.handle(ladder())
    for order in OURS:
        engine.account.orders[order.intent_id] = Order(order)
    return engine


def held(engine: Engine) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for trade in engine.account.tracker.open_trades():
        count = trade.open_count if trade.side is Side.BUY else -trade.open_count
        found[trade.ticker] = found.get(trade.ticker, D(0)) + count
    return {ticker: count for ticker, count in found.items() if count}


@settings(max_examples=300)
@given(st.lists(fills() | others, max_size=40))
def test_cash_and_positions_are_those_of_an_independent_ledger(events: Sequence[Event]) -> None:
    engine, ledger = fresh(), Ledger()
    told: dict[str, Fill] = {}
    records: list[DailyRecord] = []
    for event in events:
        one = told.setdefault(event.fill_id, event) if isinstance(event, Fill) else event
        records += [v for v in engine.handle(one) if isinstance(v, DailyRecord)]
        ledger.take(one)
        assert engine.account.tracker.cash == ledger.cash
        assert held(engine) == {t: count for t, count in ledger.held.items() if count}
    end = max((event.received_at for event in events), default=NOW) + timedelta(days=9)
    records += [v for v in engine.handle(DayTurned(end)) if isinstance(v, DailyRecord)]
    # each closed trade is in exactly one day's record
    closed = [pnl for t in engine.account.tracker.trades.values() if (pnl := t.pnl) is not None]
    assert sum((record.realised for record in records), D(0)) == sum(closed, D(0))
    days = [record.day for record in records]
    assert days == sorted(set(days))


@settings(max_examples=200)
@given(st.lists(fills() | others | st.builds(Resume, st.just("go on"), moments), max_size=40))
def test_nothing_raises_and_leaving_halting_and_flattening_always_work(
    events: Sequence[Event],
) -> None:
    engine = fresh()
    for event in events:
        engine.handle(event)
    later = max((event.received_at for event in events), default=NOW) + timedelta(hours=1)
    engine.handle(Halt("out", later, level=SwitchState.FLATTEN))
    assert engine.kill_switch.level(later) is SwitchState.FLATTEN
