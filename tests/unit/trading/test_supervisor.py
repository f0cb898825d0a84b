"""Between decisions: lost answers, the exchange's books against ours, the levels of the switch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.account_statement import AccountStatement, Holding
from kalshi_edge.domain.events import CycleDue, Event, Halt, LookDue, OrderUpdate, Resume, Started
from kalshi_edge.domain.market import FeeRule, MarketStatus
from kalshi_edge.domain.orders import (
    Intent,
    Order,
    OrderReport,
    OrderState,
    OrderStep,
    Side,
    Strategy,
    TimeInForce,
)
from kalshi_edge.domain.records import Cause, Switch, SwitchState, Trade
from kalshi_edge.domain.verdicts import (
    Adopted,
    Alarm,
    Approved,
    CancelOrder,
    CashFlow,
    Refused,
    ResolveOrder,
    Verdict,
)
from kalshi_edge.engine import Engine, Setup
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from kalshi_edge.trading.fees import taker_fee
from kalshi_edge.trading.playbook import Playbook
from tests.support.builders import EVENT, TERMS, book, fill, forecast, intent, ladder

D = Decimal
EVE = datetime(2026, 11, 21, 20, tzinfo=UTC)
TICKER = f"{EVENT}-B54.5"
OTHER = f"{EVENT}-B52.5"
SETUP = Setup("demo", (station_of("NYC"),), ("NBP",), D(1000), Playbook(), CircuitBreakers())


def later(seconds: float) -> datetime:
    return EVE + timedelta(seconds=seconds)


def trading(*events: Event, breakers: CircuitBreakers | None = SETUP.breakers) -> Engine:
    """An engine that knows a ladder, a forecast and one cheap offer, and that the books agree."""
    engine = replace(SETUP, breakers=breakers).fresh_engine()
    known = {10: 51.4368, 50: 54.0, 90: 56.5632}
    for event in (
        Started(EVE),
        replace(ladder(), received_at=EVE),
        forecast(known, run_at=EVE, received_at=EVE),
        book(TICKER, [("0.23", 500)], [("0.25", 100)], EVE),
        *events,
    ):
        engine.handle(event)
    return engine


def stated(
    at: datetime, cash: Any = 1000, held: dict[str, Any] | None = None, *orders: OrderReport
) -> AccountStatement:
    holdings = tuple(Holding(t, D(n), D("2")) for t, n in (held or {}).items())
    return AccountStatement(at, at, D(cash), holdings, orders, EVE - timedelta(days=2))


def of(kind: type, verdicts: tuple[Verdict, ...]) -> list[Any]:
    return [verdict for verdict in verdicts if isinstance(verdict, kind)]


def sent(engine: Engine, at: datetime = EVE) -> Intent:
    """Let it decide to buy and send the order."""
    (approved,) = of(Approved, engine.handle(CycleDue(at)))
    (wanted,) = approved.intents
    engine.handle(OrderUpdate(wanted.intent_id, OrderStep.SEND, at))
    return wanted


def resting(engine: Engine, order: Intent, filled: Any = 0) -> None:
    """Put an order into the account as one that rests."""
    engine.account.orders[order.intent_id] = Order(order, OrderState.RESTING, "x", D(0), D(filled))


def held(engine: Engine, count: Any = 10, ticker: str = TICKER, **changes: Any) -> Intent:
    """Let it hold contracts bought for 0.25 dollars."""
    order = intent(ticker, count=count, price="0.25", created_at=EVE, **changes)
    resting(engine, order)
    fee = taker_fee(D("0.25"), D(count), FeeRule(), EVE)
    engine.handle(fill(order, count, "0.25", fee, valid_at=EVE, received_at=EVE))
    return order


# --- the start ------------------------------------------------------------------------------------


def test_at_the_start_what_was_never_sent_is_over_and_what_was_on_its_way_is_unknown() -> None:
    never, gone = Order(intent("A")), Order(intent("B")).step(OrderStep.SEND)
    engine = SETUP.fresh_engine()
    first, second = engine.handle(Started(EVE, (never, gone)))
    assert (first.state, first.reason) == (OrderState.DONE, "never sent: the process ended before")
    assert second.state is OrderState.UNKNOWN
    assert engine.account.entries() == (second,)


def test_nothing_new_is_bought_before_the_books_agreed_nor_long_after() -> None:
    engine = trading()
    assert not of(Approved, engine.handle(CycleDue(EVE)))
    engine.handle(stated(later(5)))
    minutes = 11
    old = engine.handle(CycleDue(later(60 * minutes)))
    failed = {c.rule: c for c in of(Refused, old)[0].failures}
    assert failed["reconciled"].figure == "10 min 55 s ago"
    assert failed["reconciled"].limit == "≤ 10 min ago"
    assert [switch.cause for switch in of(Switch, old)] == [Cause.RECONCILE]
    (lifted,) = engine.handle(stated(later(60 * minutes + 5)))
    assert lifted.state is SwitchState.RUN


def test_a_clean_pass_lets_a_cycle_buy() -> None:
    engine = trading(stated(later(5)))
    assert of(Approved, engine.handle(CycleDue(later(6))))


# --- lost answers ---------------------------------------------------------------------------------


def test_a_lost_answer_is_asked_for_again_and_again_ever_more_slowly() -> None:
    engine = trading(stated(later(5)))
    wanted = sent(engine, later(6))
    engine.handle(OrderUpdate(wanted.intent_id, OrderStep.LOSE, later(7)))
    asked = [
        second
        for second in range(7, 200)
        if of(ResolveOrder, engine.handle(LookDue(later(second))))
    ]
    gaps = [b - a for a, b in pairwise(asked)]
    assert gaps == [2, 4, 8, 16, 32, 60, 60]


def test_it_is_sent_again_only_while_it_is_still_wanted() -> None:
    def look(*meanwhile: Event, at: datetime) -> ResolveOrder:
        engine = trading(stated(later(5)))
        wanted = sent(engine, later(6))
        for event in (OrderUpdate(wanted.intent_id, OrderStep.LOSE, later(7)), *meanwhile):
            engine.handle(event)
        (found,) = of(ResolveOrder, engine.handle(LookDue(at)))
        return found

    def why(found: ResolveOrder) -> list[str]:
        return [check.rule for check in found.checks if not check.passed]

    assert look(at=later(9)).resend
    assert why(look(Halt("no", later(8)), at=later(9))) == ["kill_switch"]
    dearer = book(TICKER, [("0.30", 5)], [("0.32", 5)], later(8))
    assert why(look(dearer, at=later(9))) == ["price"]
    assert why(look(at=later(300))) == ["age"]
    assert why(look(at=station_of("NYC").day_end(ladder().climate_day))) == [
        "age", "market", "price",
    ]  # fmt: skip


def test_an_order_without_a_fate_blocks_its_market_only_and_is_told_of_once() -> None:
    engine = trading(stated(later(5)))
    wanted = sent(engine, later(6))
    engine.handle(OrderUpdate(wanted.intent_id, OrderStep.LOSE, later(7)))
    alarms = [v for s in range(7, 600) for v in of(Alarm, engine.handle(LookDue(later(s))))]
    assert [alarm.name for alarm in alarms] == ["order_unknown"]
    assert engine.handle(stated(later(601))) == ()
    cheap = book(OTHER, [("0.15", 500)], [("0.17", 100)], later(602))
    again = book(TICKER, [("0.23", 500)], [("0.25", 100)], later(602))
    for event in (cheap, again):
        engine.handle(event)
    verdicts = engine.handle(CycleDue(later(603)))
    assert [a.intents[0].ticker for a in of(Approved, verdicts)] == [OTHER]


def test_a_statement_that_lists_a_lost_order_resolves_it() -> None:
    engine = trading(stated(later(5)))
    wanted = sent(engine, later(6))
    engine.handle(OrderUpdate(wanted.intent_id, OrderStep.LOSE, later(7)))
    line = OrderReport("x", wanted.intent_id, TICKER, Side.BUY, D("0.25"), D(0), D(0), "canceled")
    (order,) = engine.handle(stated(later(20), 1000, {}, line))
    assert (order.state, order.order_id, order.reason) == (OrderState.DONE, "x", "canceled")


# --- the books ------------------------------------------------------------------------------------


def test_a_statement_is_heard_on_orders_even_while_all_still_moves() -> None:
    """The process may end before the next one, and a start asks only from the last one on."""
    engine = trading(stated(later(5)))
    wanted = sent(engine, later(6))
    over = OrderReport("x", wanted.intent_id, TICKER, Side.BUY, D("0.25"), D(3), D(0), "cancelled")
    engine.handle(stated(later(6.5), 1000, {}, over))
    order = engine.account.orders[wanted.intent_id]
    assert (order.state, order.reported) == (OrderState.DONE, 3)
    assert engine.watch.clean_at == later(5)


def test_a_difference_counts_once_it_has_been_the_same_for_half_a_minute() -> None:
    engine = trading()
    assert engine.handle(stated(later(5), held={OTHER: 3})) == ()
    # A new store takes over what the account holds; this one has traded before.
    engine = trading()
    held(engine)
    assert engine.handle(stated(later(5), 990)) == ()
    assert engine.handle(stated(later(6), 991)) == ()
    assert engine.handle(stated(later(35), 991)) == ()
    switch, alarm = engine.handle(stated(later(36), 991))
    assert (switch.cause, switch.state) == (Cause.RECONCILE, SwitchState.HALT)
    assert alarm.text == (
        f"position {TICKER}: 0 there, 10 here; cash: $991 (-6.368700) there, $997.368700 here"
    )
    assert engine.handle(stated(later(38), 991)) == ()
    (lifted,) = engine.handle(stated(later(39), "997.3687", {TICKER: 10}))
    assert lifted.state is SwitchState.RUN
    # what an older one doubted is cleared: nobody takes it over any more
    (switch,) = engine.handle(Resume("nothing to take over", later(40)))
    assert engine.account.tracker.cash == D("997.3687")


def test_what_may_still_be_on_its_way_is_not_compared() -> None:
    engine = trading()
    held(engine)
    early = stated(later(1), 990)
    assert [engine.handle(early), engine.handle(early)] == [(), ()]
    assert engine.watch.suspects == ()


def test_a_fill_that_was_reported_and_never_told_is_a_difference_not_an_excuse() -> None:
    engine, order = trading(), intent(count=10, price="0.25", created_at=EVE)
    resting(engine, order)
    done = OrderUpdate(order.intent_id, OrderStep.FINISH, EVE, order_id="x", filled=order.count)
    engine.handle(done)
    theirs = {order.ticker: order.count}
    assert engine.handle(stated(later(5), 990, theirs)) == ()
    switch, alarm = engine.handle(stated(later(35), 990, theirs))
    assert switch.cause is Cause.RECONCILE
    assert f"position {order.ticker}: {order.count} there, 0 here" in alarm.text


def test_an_account_in_use_is_where_a_new_store_begins() -> None:
    engine = trading()
    engine.handle(stated(later(5), held={TICKER: 10, OTHER: -4}))
    verdicts = engine.handle(stated(later(6), held={TICKER: 10, OTHER: -4}))
    trades, (flow,) = of(Trade, verdicts), of(CashFlow, verdicts)
    assert [(t.ticker, t.side, t.open_count, t.strategy) for t in trades] == [
        (OTHER, Side.SELL, D(4), Strategy.MANUAL),
        (TICKER, Side.BUY, D(10), Strategy.MANUAL),
    ]
    assert flow.amount == D(4)
    assert engine.account.tracker.cash == D(1000)
    assert engine.handle(stated(later(9), held={TICKER: 10, OTHER: -4})) == ()
    assert engine.watch.clean_at == later(9)


def test_a_person_who_resumes_takes_the_exchanges_books_over() -> None:
    engine = trading()
    held(engine)
    for second in (5, 35):
        engine.handle(stated(later(second), "1097.5", {TICKER: 7}))
    trade, flow, alarm, switch = engine.handle(Resume("100 paid in, 3 sold", later(37)))
    assert (trade.open_count, flow.amount, alarm.name) == (D(7), D("99.3813"), "taken_over")
    assert switch.state is SwitchState.RUN
    assert engine.account.tracker.cash == D("1097.5")
    # What was paid in is no profit, and no way out of a day's loss.
    assert engine.account.opening_balance == D("1099.3813")


def test_a_fill_of_an_order_placed_elsewhere_is_counted_and_tagged() -> None:
    engine = trading()
    bought = held(engine)
    by_hand = intent(TICKER, Side.SELL, 4, "0.23", name="by hand")
    verdicts = engine.handle(fill(by_hand, 4, "0.23", "0.05", received_at=later(1)))
    assert [type(v) for v in verdicts[:2]] == [Adopted, Alarm]
    (trade,) = of(Trade, verdicts)
    assert (trade.trade_id, trade.open_count, trade.received) == (bought.trade_id, D(6), D("0.92"))
    more = fill(by_hand, 8, "0.23", "0.08", fill_id="second", received_at=later(2))
    reduced, opened, _ = engine.handle(more)
    assert (reduced.open_count, reduced.fees) == (D(0), D("0.2413"))
    assert (opened.side, opened.open_count, opened.fees) == (Side.SELL, D(2), D("0.02"))
    assert opened.strategy is Strategy.MANUAL
    assert engine.handle(more) == ()


def test_an_order_resting_elsewhere_is_adopted_and_counts_as_an_entry() -> None:
    engine = trading()
    line = OrderReport("theirs", "theirs", OTHER, Side.BUY, D("0.20"), D(0), D(5))
    adopted, alarm, *_ = engine.handle(stated(later(5), 1000, {}, line))
    assert (adopted.order.intent.strategy, alarm.name) == (Strategy.MANUAL, "adopted_order")
    assert [order.pending for order in engine.account.entries()] == [D(5)]
    over = replace(line, resting=D(0), reason="canceled")
    (order,) = engine.handle(stated(later(8), 1000, {}, over))
    assert (order.state, engine.account.entries()) == (OrderState.DONE, ())


@pytest.mark.parametrize(
    ("cash", "is_doubted"), [(1000, False), (999, False), ("1000.01", True), (990, True)]
)
def test_resting_entries_explain_no_more_cash_than_they_could_cost(
    cash: Any, is_doubted: bool
) -> None:
    engine = trading()
    line = OrderReport("theirs", "theirs", OTHER, Side.BUY, D("0.20"), D(0), D(5))
    engine.handle(stated(later(5), 1000, {}, line))
    engine.handle(stated(later(8), cash, {}, line))
    assert bool(engine.watch.suspects) is is_doubted


# --- the levels of the switch ---------------------------------------------------------------------


WAITS = {"time_in_force": TimeInForce.GOOD_TILL_CANCELED, "created_at": EVE}


@pytest.mark.parametrize(
    ("level", "cancelled", "sold"),
    [
        (SwitchState.HALT, [], False),
        (SwitchState.CANCEL, ["ours"], False),
        (SwitchState.REDUCE, ["ours", "theirs"], False),
        (SwitchState.FLATTEN, ["ours", "theirs"], True),
    ],
)
def test_each_level_does_what_the_one_before_it_does_and_more(
    level: SwitchState, cancelled: list[str], sold: bool
) -> None:
    engine = trading()
    held(engine)
    resting(engine, intent(OTHER, name="1", intent_id="ours", **WAITS))
    resting(engine, intent(OTHER, name="2", intent_id="theirs", adopted=True, **WAITS))
    verdicts = engine.handle(Halt("by hand", later(5), level=level))
    assert [one.intent_id for one in of(CancelOrder, verdicts)] == cancelled
    sales = [one.intents[0] for one in of(Approved, verdicts)]
    assert [(s.ticker, s.side, s.count, s.limit_price) for s in sales] == (
        [(TICKER, Side.SELL, D(10), D("0.23"))] if sold else []
    )
    assert not of(Approved, engine.handle(CycleDue(later(6))))
    # Asked for once more after a while, not with every event.
    assert len(of(CancelOrder, engine.handle(LookDue(later(7))))) == len(cancelled)
    assert not of(CancelOrder, engine.handle(LookDue(later(8))))


def test_one_cause_lifted_leaves_the_others() -> None:
    engine = trading()
    engine.handle(Halt("drill", later(1), level=SwitchState.REDUCE, cause=Cause.DRILL))
    engine.handle(Halt("lost", later(2), cause=Cause.LEASE))
    (switch,) = engine.handle(Resume("over", later(3), cause=Cause.DRILL))
    assert (switch.state, switch.cause, switch.others) == (SwitchState.HALT, Cause.LEASE, ())
    (switch,) = engine.handle(Resume("all", later(4)))
    assert switch.state is SwitchState.RUN


def test_too_many_orders_that_go_wrong_hold_trading_back_for_a_while() -> None:
    engine = trading(stated(later(5)))
    thrown: list[Switch] = []
    for number in range(5):
        order = intent(OTHER, name=str(number))
        engine.account.orders[order.intent_id] = Order(order)
        wrong = OrderUpdate(order.intent_id, OrderStep.FINISH, later(6 + number), is_error=True)
        thrown += of(Switch, engine.handle(wrong))
    assert [(one.cause, one.until_at) for one in thrown] == [
        (Cause.ERROR_RATE, later(10) + timedelta(hours=1))
    ]


def test_old_books_hold_trading_back_until_there_are_fresh_ones() -> None:
    engine = trading()
    at = later(16 * 60)
    thrown = of(Switch, engine.handle(CycleDue(at)))
    assert [one.cause for one in thrown] == [Cause.STALE_DATA]
    engine.handle(book(TICKER, [("0.23", 500)], [("0.25", 100)], at))
    assert [s.state for s in of(Switch, engine.handle(CycleDue(at)))] == [SwitchState.RUN]


def test_a_fee_that_we_would_not_have_computed_holds_trading_back() -> None:
    for breakers, causes in (
        (CircuitBreakers(), [Cause.FEE_DIFFERENCE]),
        (CircuitBreakers(halt_on_fee_difference=False), []),
    ):
        engine = trading(breakers=breakers)
        order = intent(TICKER, count=10, price="0.25", created_at=EVE)
        resting(engine, order)
        verdicts = engine.handle(fill(order, 10, "0.25", "0.99", valid_at=EVE, received_at=EVE))
        assert [alarm.name for alarm in of(Alarm, verdicts)] == ["fee_difference"]
        assert [switch.cause for switch in of(Switch, verdicts)] == causes


def test_changed_rules_hold_all_back_until_accepted() -> None:
    engine = trading()
    changed = replace(ladder(terms=replace(TERMS, fingerprint="another")), received_at=later(1))
    assert [s.cause for s in of(Switch, engine.handle(changed))] == [Cause.TERMS]


# --- what a pause does ----------------------------------------------------------------------------


def test_a_book_emptied_by_a_pause_is_not_a_price_of_nothing() -> None:
    engine = trading()
    held(engine, 400)
    engine.handle(CycleDue(later(0)))
    assert engine.handle(book(TICKER, [], [], later(1))) == ()
    paused = replace(ladder(), received_at=later(2))
    paused = replace(
        paused,
        markets=tuple(replace(m, status=MarketStatus.INACTIVE) for m in paused.markets),
    )
    engine.handle(paused)
    assert engine.handle(book(TICKER, [], [("0.99", 1)], later(3))) == ()
    engine.handle(replace(ladder(), received_at=later(4)))
    # one frame without bids is no price of nothing either; five minutes without any are
    assert engine.handle(book(TICKER, [], [("0.99", 1)], later(5))) == ()
    (switch,) = engine.handle(book(TICKER, [], [("0.99", 1)], later(301)))
    assert switch.cause is Cause.DAY_LOSS


# --- half a bracket -------------------------------------------------------------------------------


def half_a_bracket(engine: Engine, bids: list[tuple[str, int]], quoted_at: datetime) -> list[Any]:
    """What is sold of 200 contracts whose other leg was lost, at the next cycle."""
    legs = {"bracket_id": "b", "strategy": Strategy.BRACKET, "fair": 0.38}
    held(engine, 200, trade_id="one", **legs)
    lost = intent(OTHER, count=200, price="0.20", trade_id="two", **legs)
    engine.account.orders[lost.intent_id] = Order(lost)
    engine.handle(OrderUpdate(lost.intent_id, OrderStep.FINISH, later(1), reason="gone"))
    engine.handle(book(TICKER, bids, [("0.60", 100)], quoted_at))
    verdicts = engine.handle(CycleDue(later(400)))
    return [(one.intents[0].count, one.intents[0].limit_price) for one in of(Approved, verdicts)]


def test_half_a_bracket_is_sold_only_where_the_book_pays_its_worth() -> None:
    # worth 0.38 by the forecast; at 0.50 the fee is 1.75 cents
    bids = [("0.50", 30), ("0.38", 100), ("0.01", 500)]
    assert half_a_bracket(trading(), bids, later(399)) == [(D(30), D("0.50"))]


@pytest.mark.parametrize(
    ("bids", "quoted_s"),
    [([("0.23", 500)], 399), ([("0.01", 500)], 399), ([], 399), ([("0.50", 500)], 2)],
    ids=["below its worth", "a cent", "no bid", "an old book"],
)
def test_half_a_bracket_is_held_where_the_book_pays_less(
    bids: list[tuple[str, int]], quoted_s: float
) -> None:
    assert half_a_bracket(trading(), bids, later(quoted_s)) == []


def test_a_new_process_judges_the_days_loss_once_it_has_seen_the_books() -> None:
    """What it holds by the marks of the night before may be worth anything by now."""
    engine = trading()
    held(engine, 400)
    assert engine.handle(book(TICKER, [("0.01", 1)], [("0.99", 1)], later(1))) == ()
    (switch,) = of(Switch, engine.handle(CycleDue(later(2))))
    assert switch.cause is Cause.DAY_LOSS


def test_an_order_that_was_made_smaller_elsewhere_waits_for_no_fill_once_the_books_agree() -> None:
    engine = trading()
    order = intent(TICKER, count=37, price="0.25", created_at=EVE)
    resting(engine, order)
    # 18 of 37 were there to cancel: somebody had taken the others away. They seem to have traded.
    over = OrderUpdate(order.intent_id, OrderStep.FINISH, EVE, filled=D(19), reason="cancelled")
    engine.handle(over)
    assert engine.account.orders[order.intent_id].pending == 19
    later = EVE + timedelta(seconds=30)
    (told_of,) = of(Order, engine.handle(stated(later)))
    assert (told_of.state, told_of.pending) == (OrderState.DONE, 0)
    assert not engine.account.entries()


def test_while_the_books_differ_an_order_may_still_owe_its_fills() -> None:
    engine = trading()
    order = intent(TICKER, count=37, price="0.25", created_at=EVE)
    resting(engine, order)
    engine.handle(OrderUpdate(order.intent_id, OrderStep.FINISH, EVE, filled=D(19)))
    engine.handle(stated(EVE + timedelta(seconds=30), "995.25", {TICKER: 19}))
    assert engine.account.orders[order.intent_id].pending == 19
