"""The exchange's rules for orders, money and the life of a market, one by one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.market import FeeRule, FeeType, MarketStatus
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.execution.matching import SelfTrade
from kalshi_sandbox.exchange.rest.wire_portfolio import settlement_json
from kalshi_sandbox.exchange.venue.errors import Refusal
from kalshi_sandbox.exchange.venue.incidents import change_ticks, maintain, settle_otherwise
from kalshi_sandbox.exchange.venue.order_groups import create_group, limit_group, reset_group
from kalshi_sandbox.exchange.venue.venue import Archived
from tests.support.sandbox_builders import (
    BIN,
    OPEN_AT,
    TODAY,
    StillWeather,
    exchange,
    member,
    order,
)

D = Decimal
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def refusal(ask) -> tuple[int, str]:
    with pytest.raises(Refusal) as no:
        ask()
    return no.value.status, no.value.code


# --- listing --------------------------------------------------------------------------------------


def test_a_ladder_has_six_markets_around_the_forecast_that_tile_the_integers() -> None:
    event = exchange(StillWeather(mu_f=76.9)).venue.events[TODAY]
    names = [market.ticker.removeprefix(f"{TODAY}-") for market in event.markets]
    assert names == ["T73", "B73.5", "B75.5", "B77.5", "B79.5", "T80"]
    assert [market.bin.contains(80) for market in event.markets] == [False] * 4 + [True, False]


def test_ladders_are_listed_opened_and_closed_by_the_clock() -> None:
    on = exchange(start_at=datetime(2026, 11, 21, 9, tzinfo=UTC))
    assert TODAY not in on.venue.events
    on.venue.advance(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    market = on.venue.market(BIN)
    for at, status in (
        (datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC), MarketStatus.INITIALIZED),
        (datetime(2026, 11, 21, 15, tzinfo=UTC), MarketStatus.ACTIVE),
        (datetime(2026, 11, 23, 4, 59, 59, tzinfo=UTC), MarketStatus.ACTIVE),
        (datetime(2026, 11, 23, 5, tzinfo=UTC), MarketStatus.CLOSED),
    ):
        on.venue.advance(at)
        assert market.status is status


def test_in_summer_the_climate_day_closes_an_hour_into_the_next_wall_clock_day() -> None:
    on = exchange(start_at=datetime(2026, 9, 4, 16, tzinfo=UTC))
    event = on.venue.events["KXHIGHNY-26SEP04"]
    assert event.open_at == datetime(2026, 9, 3, 14, tzinfo=UTC)
    assert event.close_at == datetime(2026, 9, 5, 5, tzinfo=UTC)


# --- orders ---------------------------------------------------------------------------------------


def test_an_accepted_order_is_not_a_fill() -> None:
    on = exchange()
    placed = on.desk.place(member(on), order())
    assert (placed.filled, placed.order.remaining, placed.order.status) == (0, 10, "resting")


def test_an_immediate_order_that_finds_nothing_is_accepted_and_gone() -> None:
    on = exchange()
    placed = on.desk.place(member(on), order(time_in_force=IOC))
    assert (placed.filled, placed.order.remaining, placed.order.status) == (0, 0, "canceled")


def test_a_partly_filled_immediate_order_counts_as_cancelled_with_fills() -> None:
    on = exchange()
    on.desk.place(member(on), order("ask", "0.40", "3.12"))
    placed = on.desk.place(member(on), order(count="5", time_in_force=IOC))
    assert (placed.filled, placed.order.status) == (D("3.12"), "canceled")


def test_fill_or_kill_trades_whole_or_not_at_all() -> None:
    on = exchange()
    on.desk.place(member(on), order("ask", "0.40", "3"))
    killed = on.desk.place(member(on), order(count="4", time_in_force=FOK))
    assert (killed.filled, killed.order.status) == (0, "canceled")
    assert on.desk.place(member(on), order(count="3", time_in_force=FOK)).filled == 3


def test_post_only_that_would_trade_is_refused_and_leaves_no_trace() -> None:
    on = exchange()
    on.desk.place(member(on), order("ask", "0.40"))
    shy = member(on)
    crossing = order(post_only=True, client_order_id="mine")
    assert refusal(lambda: on.desk.place(shy, crossing)) == (400, "invalid_order")
    assert not shy.orders
    on.desk.place(shy, order(price="0.39", post_only=True, client_order_id="mine"))


def test_a_self_cross_kills_the_taker_and_spares_the_resting_order() -> None:
    on = exchange()
    both = member(on)
    resting = on.desk.place(both, order("ask", "0.40")).order
    taker = on.desk.place(both, order(price="0.40"))
    assert (taker.filled, taker.order.remaining, taker.order.reason) == (0, 0, "SelfTradeCancel")
    assert resting.remaining == 10


def test_a_self_cross_may_cancel_the_resting_order_instead() -> None:
    on = exchange()
    both = member(on)
    resting = on.desk.place(both, order("ask", "0.40")).order
    taker = on.desk.place(both, order(price="0.40", self_trade=SelfTrade.MAKER)).order
    assert (resting.status, resting.reason) == ("canceled", "SelfTradeCancel")
    assert (taker.status, taker.remaining) == ("resting", 10)


def test_a_client_order_id_is_burnt_for_ever_even_after_cancel() -> None:
    on = exchange()
    one, other = member(on), member(on)
    placed = on.desk.place(one, order(client_order_id="mine")).order
    on.desk.cancel(one, placed.order_id)
    again = lambda: on.desk.place(one, order(client_order_id="mine"))
    assert refusal(again) == (409, "order_already_exists")
    on.desk.place(other, order(client_order_id="mine"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "0.405"},
        {"price": "1.00"},
        {"price": "0"},
        {"count": "0"},
        {"count": "1.001"},
        {"reduce_only": True},
        {"time_in_force": IOC, "expires_at": OPEN_AT + timedelta(hours=1)},
        {"expires_at": OPEN_AT},
        {"time_in_force": IOC, "post_only": True},
    ],
)
def test_orders_against_the_rules_are_refused(wrong) -> None:
    on = exchange()
    assert refusal(lambda: on.desk.place(member(on), order(**wrong))) == (400, "invalid_order")


def test_an_order_expires_at_its_second() -> None:
    on = exchange()
    mine = member(on)
    kept = on.desk.place(mine, order(expires_at=OPEN_AT + timedelta(minutes=5))).order
    on.venue.advance(OPEN_AT + timedelta(minutes=5) - timedelta(microseconds=1))
    assert kept.status == "resting"
    on.venue.advance(OPEN_AT + timedelta(minutes=5))
    assert (kept.status, kept.reason) == ("canceled", "ExpiryCancel")
    assert not on.venue.market(BIN).depth[Side.BUY]


def test_reduce_only_sells_no_more_than_is_held() -> None:
    on = exchange()
    other, mine = member(on), member(on)
    on.desk.place(other, order("ask", "0.40", "4"))
    on.desk.place(mine, order(count="4"))
    on.desk.place(other, order("bid", "0.38", "10"))
    sale = on.desk.place(mine, order("ask", "0.38", "10", time_in_force=IOC, reduce_only=True))
    assert (sale.filled, sale.order.status, sale.order.reason) == (
        4,
        "canceled",
        "ReduceOnlyCancel",
    )
    assert mine.positions[BIN].count == 0


def test_amending_the_count_means_filled_and_wanted_together() -> None:
    on = exchange()
    mine, other = member(on), member(on)
    resting = on.desk.place(mine, order(count="10")).order
    on.desk.place(other, order("ask", "0.40", "4"))
    on.desk.amend(mine, resting.order_id, price=D("0.40"), total=D(9), expires_at=None)
    assert (resting.filled, resting.remaining, resting.initial) == (4, 5, 9)


def test_an_amended_price_may_trade() -> None:
    on = exchange()
    mine = member(on)
    on.desk.place(member(on), order("ask", "0.45", "3"))
    resting = on.desk.place(mine, order(count="10")).order
    amended = on.desk.amend(mine, resting.order_id, price=D("0.45"), total=D(10), expires_at=None)
    assert (amended.filled, resting.remaining) == (3, 7)
    assert on.venue.market(BIN).depth[Side.BUY] == {D("0.45"): D(7)}


def test_only_a_smaller_count_keeps_the_place_in_the_queue() -> None:
    on = exchange()
    first, second = member(on), member(on)
    early = on.desk.place(first, order(count="5")).order
    late = on.desk.place(second, order(count="5")).order
    on.desk.amend(first, early.order_id, price=D("0.40"), total=D(4), expires_at=None)
    on.desk.place(member(on), order("ask", "0.40", "1"))
    assert (early.filled, late.filled) == (1, 0)
    on.desk.amend(first, early.order_id, price=D("0.40"), total=D(9), expires_at=None)
    on.desk.place(member(on), order("ask", "0.40", "1"))
    assert (early.filled, late.filled) == (1, 1)


def test_a_decrease_to_nothing_is_a_cancel() -> None:
    on = exchange()
    mine = member(on)
    resting = on.desk.place(mine, order()).order
    on.desk.decrease(mine, resting.order_id, to=D(4))
    assert resting.remaining == 4
    on.desk.decrease(mine, resting.order_id, by=D(4))
    assert resting.status == "canceled"
    assert refusal(lambda: on.desk.cancel(mine, resting.order_id)) == (404, "not_found")


def test_nobody_cancels_the_orders_of_others() -> None:
    on = exchange()
    theirs = on.desk.place(member(on), order()).order
    assert refusal(lambda: on.desk.cancel(member(on), theirs.order_id)) == (404, "not_found")


# --- money ----------------------------------------------------------------------------------------


def test_a_fill_costs_its_price_and_the_published_fee() -> None:
    on = exchange()
    maker, taker = member(on), member(on)
    on.desk.place(maker, order("ask", "0.41", "1"))
    (fill,) = on.desk.place(taker, order("bid", "0.41", "1")).fills
    assert fill.fee == D("0.0170")  # 0.07 · 0.41 · 0.59 = 0.016933, and a rounding of 0.000067
    assert taker.cash == D(1000) - D("0.41") - D("0.0170")
    assert maker.cash == D(1000) - D("0.59")


def test_closing_a_position_pays_out_the_pair_at_once() -> None:
    on = exchange()
    one, other = member(on), member(on)
    on.desk.place(one, order("ask", "0.40", "10"))
    on.desk.place(other, order("bid", "0.40", "10"))
    before = one.cash
    on.desk.place(other, order("ask", "0.30", "10"))
    on.desk.place(one, order("bid", "0.30", "10"))
    assert one.positions[BIN].count == 0
    assert one.cash - before + one.positions[BIN].fees == D(
        "7.00"
    )  # NO bought at 0.60, sold at 0.70
    assert one.positions[BIN].realized == D("1.00")
    assert on.venue.market(BIN).open_interest == 0


def test_resting_orders_count_against_the_funds_but_not_against_the_balance() -> None:
    on = exchange()
    mine = member(on, "10")
    on.desk.place(mine, order(price="0.40", count="20"))
    assert mine.cash == 10
    more = lambda: on.desk.place(mine, order(price="0.40", count="6"))
    assert refusal(more) == (400, "insufficient_balance")
    on.desk.place(mine, order(price="0.40", count="5"))


def test_selling_what_is_held_needs_no_funds() -> None:
    on = exchange()
    mine = member(on, "4.20")
    on.desk.place(member(on), order("ask", "0.40", "10"))
    on.desk.place(mine, order("bid", "0.40", "10"))
    on.desk.place(mine, order("ask", "0.90", "10"))
    more = lambda: on.desk.place(mine, order("ask", "0.90", "10"))
    assert refusal(more) == (400, "insufficient_balance")


def test_an_event_may_have_fees_of_its_own() -> None:
    on = exchange()
    event = on.venue.events[TODAY]
    on.venue.set_event_fees(event, FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES, D(1)))
    maker, taker = member(on), member(on)
    on.desk.place(maker, order("ask", "0.50", "100"))
    on.desk.place(taker, order("bid", "0.50", "100"))
    assert taker.positions[BIN].fees == D("1.75")
    assert maker.positions[BIN].fees == D("0.4375")


# --- the end of a market --------------------------------------------------------------------------


def test_after_the_close_not_even_a_cancel_works_and_then_everything_is_swept() -> None:
    on = exchange()
    mine = member(on)
    resting = on.desk.place(mine, order()).order
    on.venue.advance(on.venue.events[TODAY].close_at)
    assert refusal(lambda: on.desk.cancel(mine, resting.order_id)) == (400, "market_inactive")
    assert refusal(lambda: on.desk.place(mine, order())) == (400, "market_inactive")
    on.venue.advance(on.venue.now + timedelta(minutes=1))
    assert (resting.status, resting.reason) == ("canceled", "CloseCancel")


def traded(on, balance: str = "1000"):
    """A buyer and a seller of 1.56 contracts at 0.35."""
    buyer, seller = member(on, balance), member(on, balance)
    on.desk.place(seller, order("ask", "0.35", "1.56"))
    on.desk.place(buyer, order("bid", "0.35", "1.56"))
    return buyer, seller


def test_a_ladder_is_determined_at_seven_in_new_york_and_paid_five_minutes_later() -> None:
    on = exchange()
    buyer, seller = traded(on)
    market, cash = on.venue.market(BIN), buyer.cash
    on.venue.advance(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    assert (market.status, market.result, market.expiration_value) == (
        MarketStatus.DETERMINED,
        "yes",
        "53.00",
    )
    assert buyer.cash == cash
    on.venue.advance(datetime(2026, 11, 23, 12, 5, tzinfo=UTC))
    assert market.status is MarketStatus.FINALIZED
    assert buyer.cash - cash == D("1.56")
    (paid,) = buyer.settlements
    body = settlement_json(paid)
    assert (body["revenue"], body["value"], body["yes_count_fp"]) == (156, 100, "1.56")
    (lost,) = seller.settlements
    assert settlement_json(lost)["no_total_cost_dollars"] == "1.0140"


def test_a_report_that_comes_late_is_waited_for() -> None:
    on = exchange(StillWeather(report_after=timedelta(hours=7, minutes=30)))
    market = on.venue.market(BIN)
    on.venue.advance(datetime(2026, 11, 23, 12, 59, tzinfo=UTC))
    assert market.status is MarketStatus.CLOSED
    on.venue.advance(datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    assert market.status is MarketStatus.DETERMINED


def test_without_any_report_the_last_fair_price_is_paid_after_a_week() -> None:
    on = exchange(StillWeather(report_after=None))
    buyer, seller = traded(on)
    before = buyer.cash + seller.cash
    on.venue.advance(datetime(2026, 11, 29, 13, tzinfo=UTC))
    assert on.venue.market(BIN).status is MarketStatus.CLOSED
    on.venue.advance(datetime(2026, 11, 30, 13, tzinfo=UTC))
    market = on.venue.market(BIN)
    assert (market.result, market.value, market.expiration_value) == ("scalar", D("0.35"), "")
    assert buyer.cash + seller.cash - before == D("1.56")
    assert settlement_json(buyer.settlements[0])["revenue"] == 54  # of 54.6 cents


def test_the_operator_may_settle_a_ladder_on_another_figure() -> None:
    on = exchange()
    settle_otherwise(on, TODAY, D(57))
    on.venue.advance(datetime(2026, 11, 23, 13, tzinfo=UTC))
    assert on.venue.market(BIN).result == "no"
    assert on.venue.market(f"{TODAY}-B56.5").result == "yes"


def test_what_is_determined_may_still_be_disputed_and_amended() -> None:
    on = exchange()
    market = on.venue.market(BIN)
    on.venue.advance(datetime(2026, 11, 23, 12, 1, tzinfo=UTC))
    settle_otherwise(on, TODAY, D(57))
    assert (market.status, market.settled_at) == (MarketStatus.DISPUTED, None)
    on.venue.advance(datetime(2026, 11, 23, 12, 6, tzinfo=UTC))
    assert (market.status, market.result) == (MarketStatus.AMENDED, "no")
    on.venue.advance(datetime(2026, 11, 23, 12, 8, tzinfo=UTC))
    assert (market.status, market.result) == (MarketStatus.FINALIZED, "no")


# --- pauses ---------------------------------------------------------------------------------------


def test_on_thursday_nothing_trades_from_three_to_five_in_new_york_but_cancels_work() -> None:
    on = exchange(start_at=datetime(2026, 11, 26, 7, 59, tzinfo=UTC))
    mine, ticker = member(on), "KXHIGHNY-26NOV26-B52.5"
    kept = on.desk.place(mine, order(ticker=ticker)).order
    lost = on.desk.place(mine, order(ticker=ticker, cancel_on_pause=True)).order
    on.venue.advance(datetime(2026, 11, 26, 8, tzinfo=UTC))
    assert (lost.status, lost.reason) == ("canceled", "HaltCancel")
    late = lambda: on.desk.place(mine, order(ticker=ticker))
    assert refusal(late) == (503, "trading_paused")
    on.desk.cancel(mine, kept.order_id)
    on.venue.advance(datetime(2026, 11, 26, 10, tzinfo=UTC))
    on.desk.place(mine, order(ticker=ticker))


def test_maintenance_ends_by_itself() -> None:
    on = exchange()
    maintain(on, timedelta(minutes=10), whole=True)
    assert refusal(lambda: on.desk.place(member(on), order())) == (503, "trading_paused")
    on.venue.advance(OPEN_AT + timedelta(minutes=10))
    on.desk.place(member(on), order())


def test_a_market_that_is_reactivated_has_an_empty_book() -> None:
    on = exchange()
    mine, market = member(on), on.venue.market(BIN)
    resting = on.desk.place(mine, order()).order
    on.venue.halt(market)
    assert refusal(lambda: on.desk.place(mine, order())) == (400, "market_inactive")
    assert resting.status == "resting"
    on.desk.reactivate(market)
    assert (resting.status, market.bid) == ("canceled", None)


def test_ticks_may_change_while_a_market_trades() -> None:
    on = exchange()
    mine = member(on)
    change_ticks(on, BIN, "tapered_deci_cent")
    on.desk.place(mine, order(price="0.055"))
    assert refusal(lambda: on.desk.place(mine, order(price="0.555"))) == (400, "invalid_order")


# --- order groups ---------------------------------------------------------------------------------


def test_a_group_whose_limit_is_reached_loses_its_orders_until_reset() -> None:
    on = exchange()
    mine, other = member(on), member(on)
    group = create_group(on.desk, mine, D(5))
    safe = on.desk.place(mine, order(price="0.30", group_id=group.group_id)).order
    on.desk.place(mine, order(count="5", group_id=group.group_id))
    on.desk.place(other, order("ask", "0.40", "5"))
    assert safe.status == "canceled"
    more = lambda: on.desk.place(mine, order(price="0.30", group_id=group.group_id))
    assert refusal(more) == (400, "invalid_order")
    reset_group(on.desk, group)
    more()


def test_a_group_forgets_what_matched_more_than_fifteen_seconds_ago() -> None:
    on = exchange()
    mine, other = member(on), member(on)
    group = create_group(on.desk, mine, D(5))
    resting = on.desk.place(mine, order(count="9", group_id=group.group_id)).order
    for _ in range(2):
        on.desk.place(other, order("ask", "0.40", "4"))
        on.venue.advance(on.venue.now + timedelta(seconds=16))
    assert resting.status == "resting"
    limit_group(on.desk, group, D(1))
    on.desk.place(other, order("ask", "0.40", "1"))
    assert group.is_triggered


def test_what_ended_long_ago_is_archived() -> None:
    on = exchange(live_window=timedelta(days=2))
    assert on.venue.cutoff() == datetime(2026, 11, 20, tzinfo=UTC)
    assert on.venue.cutoff(Archived.ORDERS) == on.venue.cutoff()


def test_orders_move_to_the_archive_after_two_weeks() -> None:
    venue = exchange().venue
    assert venue.cutoff(Archived.ORDERS) == datetime(2026, 11, 8, tzinfo=UTC)
    assert venue.cutoff(Archived.MARKETS) < venue.cutoff(Archived.ORDERS)
