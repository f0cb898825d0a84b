"""What we hold and what it is worth, by hand: both sides, thin and empty books, settlement."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, Intent, Settlement, Side, Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.portfolio.tracker import Tracker, liquidation_value, open_cost
from tests.support.builders import DAY, NOW, TICKER, book, fill, intent

D = Decimal
LATER = NOW + timedelta(hours=1)
BUY = intent(count=10, price="0.40", bracket_id="b", fair=0.5, edge=0.06)
SELL_NO = intent(side=Side.SELL, count=10, price="0.40")


def sale(order: Intent, count: int) -> Intent:
    """The order that sells ``count`` of what ``order`` opened."""
    side = Side.SELL if order.side is Side.BUY else Side.BUY
    return intent(
        side=side, count=count, price="0.45", trade_id=order.trade_id, reduces=True, name="sale"
    )


def tracker(*fills: tuple[Fill, Intent], cash: str = "1000") -> Tracker:
    told = Tracker("paper", D(cash))
    for each, order in fills:
        told.fill(each, order)
    return told


def settled(value: str, at: object = NOW) -> Settlement:
    return Settlement(TICKER, D(value), None, NOW, at)  # type: ignore[arg-type]


def test_a_first_fill_opens_a_trade_that_knows_where_it_comes_from() -> None:
    told = tracker((fill(BUY, 10, "0.40", "0.17"), BUY))
    (trade,) = told.open_trades()
    assert trade == Trade(
        BUY.trade_id, "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW,
        bracket_id="b", fair=0.5, edge=0.06,
        count=D(10), open_count=D(10), paid=D(4), fees=D("0.17"),
    )  # fmt: skip
    assert (told.cash, told.cost(), trade.pnl) == (D("995.83"), D(4), None)


def test_several_fills_are_one_trade() -> None:
    told = tracker((fill(BUY, 4, "0.40", "0.07"), BUY), (fill(BUY, "1.56", "0.38", "0.03"), BUY))
    (trade,) = told.open_trades()
    assert (trade.count, trade.paid, trade.fees) == (D("5.56"), D("2.1928"), D("0.10"))
    assert told.cash == D(1000) - D("2.1928") - D("0.10")


def test_a_fill_told_twice_counts_once() -> None:
    once = fill(BUY, 4, "0.40", "0.07")
    told = tracker((once, BUY))
    assert told.fill(once, BUY) == ()
    assert told.fill(replace(once, received_at=LATER), BUY) == ()
    assert told.has_seen(once)
    assert (told.cash, told.trades[BUY.trade_id].count) == (D("998.33"), D(4))


def test_fills_counted_in_an_earlier_life_stay_counted() -> None:
    once = fill(BUY, 4, "0.40", "0.07")
    before = tracker((once, BUY))
    again = Tracker("paper", D(1000), before.trades.values(), [once.fill_id])
    assert again.fill(once, BUY) == ()
    assert (again.cash, again.open_trades()) == (before.cash, before.open_trades())


def test_a_partial_sale_leaves_the_rest_open_and_its_cost_in_proportion() -> None:
    some = sale(BUY, 4)
    told = tracker((fill(BUY, 10, "0.40", "0.17"), BUY), (fill(some, 4, "0.45", "0.07"), some))
    (trade,) = told.open_trades()
    assert (trade.open_count, trade.received, trade.fees) == (D(6), D("1.80"), D("0.24"))
    assert (trade.closed_at, trade.pnl, open_cost(trade)) == (None, None, D("2.4"))
    assert told.cash == D("995.83") + D("1.80") - D("0.07")


def test_selling_all_closes_the_trade_with_its_result() -> None:
    all_of_it = sale(BUY, 10)
    told = tracker(
        (fill(BUY, 10, "0.40", "0.17"), BUY),
        (fill(all_of_it, 10, "0.45", "0.18", received_at=LATER), all_of_it),
    )
    trade = told.trades[BUY.trade_id]
    assert told.open_trades() == ()
    assert (trade.pnl, trade.closed_at) == (D("0.15"), LATER)
    assert told.cash == D("1000.15")


def test_more_than_is_held_is_sold_as_far_as_it_goes_and_the_rest_opens_the_other_side() -> None:
    too_much = sale(BUY, 20)
    told = tracker((fill(BUY, 10, "0.40", "0.17"), BUY))
    closed, opened = told.fill(fill(too_much, 11, "0.45", "0.11"), too_much)
    assert (closed.trade_id, closed.open_count, closed.received) == (BUY.trade_id, D(0), D("4.50"))
    assert (opened.side, opened.open_count, opened.paid) == (Side.SELL, D(1), D("0.55"))
    assert (opened.strategy, opened.fees) == (Strategy.MANUAL, D("0.01"))
    assert told.cash == D(1000) - D("4.17") + D("4.95") - D("0.11") - 1


def test_what_was_never_bought_is_a_position_on_the_other_side() -> None:
    told = tracker((fill(sale(BUY, 1), 1, "0.45"), sale(BUY, 1)))
    (trade,) = told.open_trades()
    assert (trade.side, trade.open_count, trade.paid) == (Side.SELL, D(1), D("0.55"))


def test_a_purchase_closes_what_faces_it_in_its_market_before_it_opens_anything() -> None:
    told = tracker((fill(SELL_NO, 10, "0.40"), SELL_NO))
    changed = told.fill(fill(BUY, 4, "0.30"), BUY)
    assert [(trade.side, trade.open_count) for trade in changed] == [(Side.SELL, D(6))]
    assert told.cash == D(1000) - 6 + 4 * D("0.70")


def test_a_fee_that_is_split_is_whole_again_and_has_no_endless_digits() -> None:
    first = intent(count=1, name="first", trade_id="first")
    other = intent(count=2, name="other", trade_id="other")
    told = tracker((fill(first, 1, "0.40"), first), (fill(other, 2, "0.40"), other))
    by_hand = intent(side=Side.SELL, count=3, name="by hand", trade_id="by hand", adopted=True)
    changed = told.fill(fill(by_hand, 3, "0.45", "0.100000"), by_hand)
    assert [trade.fees for trade in changed] == [D("0.033333"), D("0.066667")]
    assert told.cash == D(1000) - D("1.20") + D("1.35") - D("0.1")


# --- NO ---------------------------------------------------------------------------------------


def test_a_no_position_costs_a_dollar_less_the_yes_price() -> None:
    told = tracker((fill(SELL_NO, 10, "0.40", "0.17"), SELL_NO))
    (trade,) = told.open_trades()
    assert (trade.side, trade.paid) == (Side.SELL, D(6))
    assert told.cash == D("993.83")


def test_a_no_position_gains_when_yes_falls() -> None:
    back = sale(SELL_NO, 10)
    told = tracker((fill(SELL_NO, 10, "0.40"), SELL_NO), (fill(back, 10, "0.25"), back))
    assert told.trades[SELL_NO.trade_id].pnl == D("1.50")
    assert told.cash == D("1001.50")


@pytest.mark.parametrize(
    ("value", "yes", "no"), [("1", "6", "-6"), ("0", "-4", "4"), ("0.37", "-0.30", "0.30")]
)
def test_settlement_pays_each_side_its_share_also_of_a_fair_price(
    value: str, yes: str, no: str
) -> None:
    long = tracker((fill(BUY, 10, "0.40"), BUY))
    short = tracker((fill(SELL_NO, 10, "0.40"), SELL_NO))
    (one,), (other,) = long.settle(settled(value)), short.settle(settled(value))
    assert (one.pnl, other.pnl) == (D(yes), D(no))
    assert (one.settled_value, other.settled_value) == (D(value), 1 - D(value))
    assert long.cash == D(1000) + D(yes)
    assert long.cash + short.cash == D(2000)


# --- settlement -------------------------------------------------------------------------------


def test_only_what_is_still_held_is_paid_and_only_once() -> None:
    some = sale(BUY, 4)
    told = tracker((fill(BUY, 10, "0.40", "0.17"), BUY), (fill(some, 4, "0.45", "0.07"), some))
    (trade,) = told.settle(settled("1", LATER))
    assert (trade.pnl, trade.closed_at) == (D("1.80") + D(6) - D(4) - D("0.24"), LATER)
    assert told.settle(settled("1")) == ()
    assert told.cash == D(1000) + trade.pnl


def test_another_markets_settlement_is_none_of_ours() -> None:
    told = tracker((fill(BUY, 10, "0.40"), BUY))
    assert told.settle(Settlement("OTHER", D(1), None, NOW, NOW)) == ()
    assert told.cash == D(996)


def test_a_fill_that_comes_after_the_settlement_is_a_trade_of_its_own_and_paid_too() -> None:
    early, late = fill(BUY, 4, "0.40", "0.07"), fill(BUY, 6, "0.40", "0.10")
    told = tracker((early, BUY))
    told.settle(settled("1"))
    closed = dict(told.trades)
    told.fill(late, BUY)
    told.settle(settled("1"))
    in_order = tracker((early, BUY), (late, BUY))
    in_order.settle(settled("1"))
    assert told.open_trades() == ()
    assert told.cash == in_order.cash
    # what may be in a day's record already has not changed
    assert {name: told.trades[name] for name in closed} == closed


def test_a_sale_that_is_told_after_the_settlement_comes_to_the_same_money() -> None:
    some = sale(BUY, 4)
    bought, sold = fill(BUY, 10, "0.40", "0.17"), fill(some, 4, "0.45", "0.07")
    told = tracker((bought, BUY))
    told.settle(settled("1"))
    told.fill(sold, some)
    told.settle(settled("1"))
    in_order = tracker((bought, BUY), (sold, some))
    in_order.settle(settled("1"))
    assert (told.cash, told.open_trades()) == (in_order.cash, ())


# --- marks ------------------------------------------------------------------------------------


def long_of(count: str, paid: str = "4") -> Trade:
    (trade,) = tracker((fill(BUY, 10, "0.40"), BUY)).open_trades()
    return replace(trade, count=D(count), open_count=D(count), paid=D(paid))


@pytest.mark.parametrize(
    ("bids", "value"),
    [
        ([("0.35", 100)], "3.50"),
        ([("0.35", 4), ("0.30", 4), ("0.01", 100)], "2.62"),  # 1.40 + 1.20 + 0.02
        ([("0.35", "2.5")], "0.875"),  # what finds no bid counts nothing
        ([], "0"),
    ],
)
def test_a_position_is_worth_what_the_bids_pay_for_all_of_it(
    bids: list[tuple[str, object]], value: str
) -> None:
    quotes = book(bids=bids, asks=[("0.60", 1)])  # type: ignore[arg-type]
    assert liquidation_value(long_of("10"), quotes) == D(value)


@pytest.mark.parametrize(
    ("asks", "value"),
    [
        ([("0.40", 100)], "6"),
        ([("0.40", 4), ("0.50", 4), ("0.99", 100)], "4.42"),  # 2.40 + 2.00 + 0.02
        ([("0.40", 4)], "2.40"),
        ([], "0"),
    ],
)
def test_a_no_position_is_worth_a_dollar_less_what_the_asks_cost(
    asks: list[tuple[str, int]], value: str
) -> None:
    quotes: Book = book(bids=[("0.05", 1)], asks=asks)
    (trade,) = tracker((fill(SELL_NO, 10, "0.40"), SELL_NO)).open_trades()
    assert liquidation_value(trade, quotes) == D(value)


def test_without_any_book_a_position_stands_at_its_cost() -> None:
    some = sale(BUY, 4)
    told = tracker((fill(BUY, 10, "0.40"), BUY), (fill(some, 4, "0.45"), some))
    assert told.equity({}) == told.cash + D("2.4")


def test_equity_is_cash_and_every_mark() -> None:
    told = tracker((fill(BUY, 10, "0.40", "0.17"), BUY))
    assert told.equity({TICKER: book(bids=[("0.35", 4)], asks=[])}) == D("995.83") + D("1.40")
