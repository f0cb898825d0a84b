"""An order's life: every step of the table, every step that is not in it, and what is pending."""

from decimal import Decimal
from itertools import product

import pytest

from kalshi_edge.domain.orders import (
    ORDER_STEPS,
    Order,
    OrderState,
    OrderStep,
    Settlement,
    derived_id,
)
from kalshi_edge.errors import InputError
from tests.support.builders import NOW, fill, intent

D = Decimal
S, T = OrderState, OrderStep

# What each state admits, written down from the exchange's rules rather than from the table.
ADMITTED = {
    S.NEW: {T.SEND: S.SENT, T.LOSE: S.UNKNOWN, T.ACCEPT: S.RESTING, T.FILL: S.PARTIAL,
            T.FINISH: S.DONE},
    S.SENT: {T.SEND: S.SENT, T.ACCEPT: S.RESTING, T.LOSE: S.UNKNOWN, T.FILL: S.PARTIAL,
             T.FINISH: S.DONE},
    S.UNKNOWN: {T.SEND: S.SENT, T.LOSE: S.UNKNOWN, T.ACCEPT: S.RESTING, T.FILL: S.PARTIAL,
                T.FINISH: S.DONE},
    S.RESTING: {T.SEND: S.RESTING, T.LOSE: S.RESTING, T.ACCEPT: S.RESTING, T.FILL: S.PARTIAL,
                T.FINISH: S.DONE},
    S.PARTIAL: {T.SEND: S.PARTIAL, T.LOSE: S.PARTIAL, T.ACCEPT: S.PARTIAL, T.FILL: S.PARTIAL,
                T.FINISH: S.DONE},
    S.DONE: {T.SEND: S.DONE, T.LOSE: S.DONE, T.ACCEPT: S.DONE, T.FILL: S.DONE, T.FINISH: S.DONE},
}  # fmt: skip


@pytest.mark.parametrize(("state", "step"), list(product(S, T)))
def test_every_state_has_an_answer_to_every_step(state: OrderState, step: OrderStep) -> None:
    order = Order(intent(), state=state, order_id="x", filled=D(1), reported=D(2), reason="r")
    assert order.step(step).state is ADMITTED[state][step]
    assert set(ORDER_STEPS) == set(product(S, T))


def test_a_done_order_never_comes_back_to_life() -> None:
    assert {after for (before, _), after in ORDER_STEPS.items() if before is S.DONE} == {S.DONE}


def test_a_fill_may_overtake_the_receipt_of_its_order() -> None:
    sent = Order(intent(count=5)).step(T.SEND)
    early = sent.fill(D(2))
    assert (early.state, early.filled, early.pending) == (S.PARTIAL, D(2), D(3))
    accepted = early.step(T.ACCEPT, order_id="x", reported=D(2))
    assert (accepted.state, accepted.order_id, accepted.filled) == (S.PARTIAL, "x", D(2))
    done = sent.fill(D(5))
    assert (done.state, done.reason, done.is_live) == (S.DONE, "filled", False)
    assert done.step(T.FINISH, order_id="x", reported=D(5)).pending == 0


def test_a_late_fill_after_the_end_still_counts() -> None:
    over = Order(intent(count=5)).step(T.SEND).step(T.FINISH, reported=D(3), reason="3 of 5")
    assert (over.is_live, over.pending) == (True, D(3))
    owed = over.fill(D(2))
    assert (owed.state, owed.is_live, owed.pending) == (S.DONE, True, D(1))
    whole = owed.fill(D(1))
    assert (whole.filled, whole.is_live, whole.reason) == (D(3), False, "3 of 5")
    # more than was reported, yet within the order: fills are the truth
    assert whole.fill(D(1)).filled == D(4)


def test_more_than_was_ordered_makes_it_an_order_for_as_much() -> None:
    order = Order(intent(count=5, cost_limit=D(2))).step(T.SEND).fill(D(4)).fill(D(6))
    assert (order.filled, order.intent.count, order.state) == (D(10), D(10), S.DONE)
    assert order.intent.cost_limit == D(4)


def test_an_order_that_we_only_meant_to_send_was_sent_if_it_fills() -> None:
    assert Order(intent(count=5)).fill(D(1)).state is S.PARTIAL


def test_a_report_never_shrinks() -> None:
    order = Order(intent(count=5)).step(T.SEND).step(T.ACCEPT, reported=D(3))
    assert order.step(T.FINISH).reported == D(3)


@pytest.mark.parametrize("state", list(S))
def test_only_a_done_order_that_owes_nothing_is_dead(state: OrderState) -> None:
    assert Order(intent(), state=state).is_live is (state is not S.DONE)


@pytest.mark.parametrize(
    ("count", "price"), [(0, "0.33"), (-1, "0.33"), (5, "0"), (5, "1"), (5, "-0.1"), (5, "1.2")]
)
def test_an_order_or_fill_that_cannot_be_is_refused(count: int, price: str) -> None:
    with pytest.raises(InputError):
        intent(count=count, price=price)
    with pytest.raises(InputError):
        fill(intent(), count, price)


@pytest.mark.parametrize("value", ["-0.01", "1.01"])
def test_a_contract_pays_between_nothing_and_a_dollar(value: str) -> None:
    with pytest.raises(InputError, match="settled at"):
        Settlement("T", D(value), None, NOW, NOW)
    assert Settlement("T", D("0.37"), None, NOW, NOW).value == D("0.37")


def test_derived_ids_are_stable_and_their_parts_do_not_run_together() -> None:
    assert derived_id("a", 1) == derived_id("a", 1) != derived_id("a", 2)
    assert derived_id("ab", "c") != derived_id("a", "bc")
    # pinned: a retry after an upgrade must find the same order
    assert derived_id("paper", "KXHIGHNY-26NOV22-B52.5", 1) == "d1b129cc0253bc3b130cbda2bae0d327"
