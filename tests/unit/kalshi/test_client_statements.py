"""What the exchange says of our account, by either way: the same things, exact, or refused."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kalshi_edge.data.kalshi.account.account_wire import (
    parse_balance,
    parse_fill,
    parse_limits,
    parse_order,
    parse_payout,
    parse_position,
    parse_taken,
)
from kalshi_edge.domain.events import OrderUpdate, order_update
from kalshi_edge.domain.orders import OrderReport, OrderStep, Side
from kalshi_edge.errors import ContractError, InputError
from kalshi_edge.token_bucket import Rate
from tests.support.builders import NOW, TICKER, intent
from tests.support.kalshi_answers import (
    LIMITS,
    TRADE,
    UUID,
    balance_json,
    fill_json,
    order_json,
    payout_json,
    position_json,
    receipt_json,
    stream_fill_json,
    user_order_json,
)

D = Decimal
MINE = replace(intent(), intent_id="an-intent")


def test_an_order_is_the_same_by_rest_and_by_the_stream():
    assert parse_order(order_json("an-intent"), {}) == parse_order(user_order_json("an-intent"), {})


def test_a_fill_has_the_same_name_by_rest_and_by_the_stream():
    by_rest = parse_fill(fill_json(), {UUID: "an-intent"}, NOW)
    by_stream = parse_fill(stream_fill_json(client_order_id="an-intent"), {}, NOW)
    assert by_rest == by_stream
    assert (by_rest.fill_id, by_rest.intent_id) == (TRADE, "an-intent")
    assert (by_rest.side, by_rest.count, by_rest.price) == (Side.BUY, D("1.56"), D("0.33"))
    assert by_rest.valid_at == datetime(2026, 11, 22, 16, 5, tzinfo=UTC)


def test_a_fills_time_is_read_in_whichever_way_it_is_told():
    only_seconds = fill_json(created_time=None)
    assert parse_fill(only_seconds, {}, NOW).valid_at == datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
    assert parse_fill(fill_json(created_time=None, ts=None), {}, NOW).valid_at == NOW
    for odd in (
        {"created_time": "noon"},
        {"created_time": "2026-11-22T16:05:00"},
        {"ts_ms": 10**18},
    ):
        with pytest.raises(ContractError, match="instant"):
            parse_fill(fill_json(**odd), {}, NOW)


def test_a_fill_of_an_order_placed_by_hand_goes_by_its_order():
    assert parse_fill(fill_json(), {}, NOW).intent_id == UUID


def test_selling_yes_is_said_in_yes_prices():
    sold = fill_json(outcome_side="no", book_side="ask", side="no", action="buy", is_taker=True)
    fill = parse_fill(sold | {"fee_cost": "0.024200"}, {}, NOW)
    assert (fill.side, fill.price, fill.fee) == (Side.SELL, D("0.33"), D("0.0242"))


@pytest.mark.parametrize(
    "changes",
    [
        {"book_side": "ask"},
        {"book_side": None, "outcome_side": None},
        {"book_side": "sideways"},
        {"count_fp": "0.00"},
        {"count_fp": 1.56},
        {"yes_price_dollars": "1.0000"},
        {"yes_price_dollars": None},
        {"is_taker": None},
        {"fee_cost": ""},
        {"trade_id": None},
    ],
    ids=str,
)
def test_a_fill_that_is_not_clear_is_refused(changes):
    with pytest.raises(InputError):
        parse_fill(fill_json(**changes), {}, NOW)


def test_either_word_for_a_side_will_do_and_old_ones_are_not_looked_at():
    only_book = fill_json(side="no", action="sell")
    del only_book["outcome_side"]
    only_outcome = fill_json(side="no", action="sell")
    del only_outcome["book_side"]
    assert {parse_fill(one, {}, NOW).side for one in (only_book, only_outcome)} == {Side.BUY}


@pytest.mark.parametrize(
    ("status", "step", "resting"),
    [
        ("resting", OrderStep.ACCEPT, D("3.44")),
        ("canceled", OrderStep.FINISH, D(0)),
        ("executed", OrderStep.FINISH, D(0)),
    ],
)
def test_an_orders_status_is_a_step_of_its_life(status, step, resting):
    report = parse_order(order_json("an-intent", status=status), {})
    reason = "" if status == "resting" else status
    assert order_update(report, NOW) == OrderUpdate(
        "an-intent", step, NOW, order_id=UUID, filled=D("1.56"), reason=reason
    )
    assert (report.resting, report.rests) == (resting, resting > 0)


def test_the_stream_says_why_an_order_is_over():
    over = user_order_json("an-intent", status="canceled", last_update_reason="CloseCancel")
    update = order_update(parse_order(over, {}), NOW)
    assert update.reason == "CloseCancel"


def test_a_status_that_is_new_to_us_is_neither_resting_nor_over():
    with pytest.raises(ContractError, match=f"order {UUID} is 'hovering'"):
        parse_order(order_json("an-intent", status="hovering"), {})


def test_an_order_placed_by_hand_goes_by_its_own_id():
    report = parse_order(order_json(""), {})
    update = order_update(report, NOW)
    assert update.intent_id == UUID


def test_an_order_of_ours_keeps_its_name_though_its_owner_gave_it_another():
    names = {UUID: "an-intent"}
    assert parse_order(order_json("renamed"), names).intent_id == "an-intent"
    assert parse_fill(stream_fill_json(client_order_id="renamed"), names, NOW).intent_id == (
        "an-intent"
    )


def test_an_order_that_was_taken_is_reported_with_what_traded_and_what_rests():
    rests = parse_taken(receipt_json(), MINE)
    assert rests == OrderReport(UUID, "an-intent", TICKER, Side.BUY, D("0.33"), D(0), D(5))
    over = parse_taken(receipt_json(remaining_count="0.00"), MINE)
    assert (over.filled, over.rests, over.reason) == (D(0), False, "0 of 5 filled")
    some = receipt_json(
        fill_count="3.12",
        remaining_count="1.88",
        average_fill_price="0.3300",
        average_fee_paid="0.015500",
        client_order_id="an-intent",
    )
    assert parse_taken(some, MINE) == replace(rests, filled=D("3.12"), resting=D("1.88"))


@pytest.mark.parametrize(
    "changes",
    [{"client_order_id": "another"}, {"fill_count": None}, {"remaining_count": 5}, {"order_id": 7}],
    ids=str,
)
def test_an_answer_that_is_not_clear_is_refused(changes):
    with pytest.raises(InputError):
        parse_taken(receipt_json(**changes), MINE)


def test_a_position_below_zero_is_in_no_contracts():
    position = parse_position(position_json())
    assert (position.ticker, position.count, position.exposure) == (TICKER, D("-1.56"), D("1.0452"))


@pytest.mark.parametrize(
    ("changes", "value", "revenue"),
    [
        ({}, D(1), D("1.56")),
        ({"market_result": "no", "value": 0, "revenue": 0}, D(0), D(0)),
        ({"market_result": "no", "value": None, "revenue": 0}, D(0), D(0)),
        ({"market_result": "scalar", "value": 37, "revenue": 57}, D("0.37"), D("0.57")),
        ({"market_result": "scalar", "value": 37.5, "revenue": 58}, D("0.375"), D("0.58")),
        (
            {"market_result": "scalar", "value": "37.25", "revenue": "58.11"},
            D("0.3725"),
            D("0.5811"),
        ),
        ({"value": 100.0}, D(1), D("1.56")),
    ],
    ids=[
        "yes",
        "no",
        "no, without a value",
        "between",
        "in fractions of a cent",
        "in words",
        "as a float",
    ],
)
def test_a_payout_turns_its_two_figures_in_cents_into_dollars(changes, value, revenue):
    payout = parse_payout(payout_json(**changes), NOW)
    assert (payout.settlement.value, payout.revenue) == (value, revenue)
    assert payout.settlement.valid_at == datetime(2026, 11, 23, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"market_result": "yes", "value": 0},
        {"market_result": "scalar", "value": None},
        {"market_result": "maybe", "value": None},
        {"revenue": None},
        {"value": True},
        {"value": "1e2"},
    ],
    ids=str,
)
def test_a_payout_that_contradicts_itself_is_refused(changes):
    with pytest.raises(InputError):
        parse_payout(payout_json(**changes), NOW)


def test_the_balance_is_exact_to_the_fraction_of_a_cent():
    assert parse_balance(balance_json()) == D("103.2481")
    with pytest.raises(InputError, match="balance_dollars"):
        parse_balance(balance_json(balance_dollars=None))


def test_limits_are_the_accounts_own():
    limits = parse_limits(LIMITS)
    assert (limits.tier, limits.read, limits.write) == ("advanced", Rate(300, 600), Rate(300, 600))
    with pytest.raises(ContractError, match="write limit"):
        parse_limits(LIMITS | {"write": {"refill_rate": 0, "bucket_capacity": 10}})
