"""The machine's clock was an hour ahead and is set right.

What is asked for again and again, with a pause in between, must not fall silent for that hour: the
fate of an order whose answer was lost, and the sales that FLATTEN wants. Nor may the exchange's
statements, dated by its own clock, be taken for older than all that happened here by ours.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import CycleDue, Halt, LookDue, OrderUpdate, Resume
from kalshi_edge.domain.orders import Order, OrderReport, OrderState, OrderStep, Side
from kalshi_edge.domain.records import Cause, SwitchState
from kalshi_edge.domain.verdicts import Approved, ResolveOrder
from kalshi_edge.engine import Engine
from tests.cases.account_stories import EVE, TICKER, D, bought, later, of, statement, trading
from tests.support.builders import fill, intent

HOUR = timedelta(hours=1)
AHEAD = EVE + HOUR


def seconds_of(kind: type, engine: Engine) -> list[int]:
    """When ``kind`` follows in the hour that the clock has to go through again."""
    return [s for s in range(0, 3500, 10) if of(kind, engine.handle(LookDue(later(s))))]


def test_a_lost_order_is_asked_for_after_the_clock_was_set_back() -> None:
    engine = trading()
    lost = intent(TICKER, count=10, price="0.25", created_at=AHEAD, cost_limit=D("2.64"))
    engine.account.orders[lost.intent_id] = Order(lost).step(OrderStep.SEND).step(OrderStep.LOSE)
    assert of(ResolveOrder, engine.handle(LookDue(AHEAD)))
    assert seconds_of(ResolveOrder, engine)


def test_flatten_tries_again_after_the_clock_was_set_back() -> None:
    engine = trading()
    bought(engine)
    (approved,) = of(Approved, engine.handle(Halt("out", AHEAD, level=SwitchState.FLATTEN)))
    (sale,) = approved.intents
    engine.handle(OrderUpdate(sale.intent_id, OrderStep.SEND, AHEAD))
    engine.handle(OrderUpdate(sale.intent_id, OrderStep.FINISH, AHEAD, reason="nothing filled"))
    assert seconds_of(Approved, engine)


# --- statements -----------------------------------------------------------------------------------


def traded(clock_lead: timedelta = HOUR) -> Engine:
    """An engine that heard of a trade while its clock was so far ahead of the exchange's."""
    engine = trading()
    order = bought(engine, 20)
    sale = fill(order, 10, "0.23", "0.13", valid_at=EVE, received_at=EVE + clock_lead)
    engine.handle(replace(sale, side=Side.SELL, intent_id="by hand"))
    return engine


def agreeing(engine: Engine, at_s: float, clock_lead: timedelta = timedelta()) -> AccountStatement:
    """A statement of the exchange's seconds ``at_s`` that has what the books have."""
    told = statement(later(at_s), engine.account.tracker.cash, {TICKER: 10})
    return replace(told, received_at=later(at_s + 0.5) + clock_lead, clock_lead=clock_lead)


def test_the_books_agree_soon_after_the_clock_was_set_back() -> None:
    engine = traded()
    for second in (5, 35):
        engine.handle(agreeing(engine, second))
    assert engine.watch.clean_at == later(35)


@pytest.mark.parametrize("clock_lead", [HOUR, -HOUR, timedelta()])
@pytest.mark.parametrize(("second", "is_compared"), [(1, False), (3, True)])
def test_a_statement_is_compared_once_it_has_what_happened_whatever_the_clock_says(
    clock_lead: timedelta, second: float, is_compared: bool
) -> None:
    engine = traded(clock_lead)
    engine.handle(agreeing(engine, second, clock_lead))
    assert (engine.watch.clean_at is not None) is is_compared


@pytest.mark.parametrize("clock_lead", [HOUR, -HOUR])
def test_books_that_agree_are_not_taken_for_old_by_a_clock_that_is_wrong(
    clock_lead: timedelta,
) -> None:
    engine = traded(clock_lead)
    engine.handle(agreeing(engine, 5, clock_lead))
    at = later(60) + clock_lead
    engine.handle(CycleDue(at))
    assert engine.kill_switch.switch_at(at).hold(Cause.RECONCILE, at) is None
    # What the exchange is asked for goes by its own clock.
    assert engine.watch.clean_as_of == later(5)


def test_a_difference_holds_trading_back_after_the_clock_was_set_back() -> None:
    engine = traded()
    for second in (5, 35, 70):
        engine.handle(replace(agreeing(engine, second), cash=D(17)))
    at = later(71)
    assert engine.kill_switch.switch_at(at).hold(Cause.RECONCILE, at) is not None
    engine.handle(Resume("the exchange is right", at))
    assert engine.account.tracker.cash == 17


def test_a_statement_that_waited_while_an_order_was_sent_brings_no_order_back() -> None:
    """It was asked for before the order ended, and says that the order rests."""
    engine = trading()
    ended = intent(TICKER, count=10, price="0.25", created_at=EVE)
    engine.account.orders[ended.intent_id] = Order(ended, OrderState.RESTING, "x")
    engine.handle(OrderUpdate(ended.intent_id, OrderStep.FINISH, later(9), reason="cancelled"))
    rests = OrderReport("x", ended.intent_id, TICKER, Side.BUY, D("0.25"), D(0), D(10), "")
    engine.handle(statement(later(5), 1000, {}, rests))
    assert engine.account.orders[ended.intent_id].state is OrderState.DONE


def test_what_became_of_an_order_from_before_the_clock_was_set_back_is_heard() -> None:
    engine = trading()
    order = intent(TICKER, count=10, price="0.25", created_at=AHEAD)
    engine.account.orders[order.intent_id] = Order(order, OrderState.RESTING, "x")
    over = OrderReport("x", order.intent_id, TICKER, Side.BUY, D("0.25"), D(0), D(0), "cancelled")
    engine.handle(statement(later(30), 1000, {}, over))
    assert engine.account.orders[order.intent_id].state is OrderState.DONE


def test_an_order_from_before_the_clock_was_set_back_that_no_list_has_is_a_difference() -> None:
    engine = trading()
    order = intent(TICKER, count=10, price="0.25", created_at=AHEAD)
    engine.account.orders[order.intent_id] = Order(order, OrderState.RESTING, "x")
    engine.handle(statement(later(30), 1000, {}))
    assert [check.rule for check in engine.watch.suspects] == [f"order {order.intent_id}"]
