"""The matching engine's rules, one by one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.market import Level
from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.errors import OrderRejected
from kalshi_edge.execution.matching import (
    LimitOrder,
    MatchOutcome,
    OrderBook,
    Reason,
    SelfTrade,
    Withdrawal,
)
from tests.support.builders import NOW

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def order(name: str, side: Side, price: str, count: str, owner: str = "", **changes) -> LimitOrder:
    return LimitOrder(name, owner or name, side, D(price), D(count), **changes)


def book_of(*orders: LimitOrder) -> OrderBook:
    book = OrderBook()
    for each in orders:
        book.place(each)
    return book


def trades(outcome: MatchOutcome) -> list[tuple[str, str, str]]:
    """Maker, count and price of every trade."""
    return [(m.maker.order_id, str(m.count), str(m.price)) for m in outcome.matches]


def test_an_order_trades_at_the_makers_prices_best_first_and_oldest_first() -> None:
    book = book_of(
        order("late", SELL, "0.40", "5"),
        order("dear", SELL, "0.45", "5"),
        order("cheap", SELL, "0.39", "3.12"),
        order("later", SELL, "0.40", "5"),
    )
    outcome = book.place(order("taker", BUY, "0.44", "10"))
    assert trades(outcome) == [("cheap", "3.12", "0.39"), ("late", "5", "0.40"),
                               ("later", "1.88", "0.40")]  # fmt: skip
    assert outcome.resting == 0
    assert book.levels(SELL) == (Level(D("0.40"), D("3.12")), Level(D("0.45"), D(5)))


def test_what_a_waiting_order_does_not_trade_rests() -> None:
    book = book_of(order("maker", SELL, "0.40", "5"))
    outcome = book.place(order("taker", BUY, "0.41", "8"))
    assert (trades(outcome), outcome.resting) == ([("maker", "5", "0.40")], D(3))
    assert book.levels(BUY) == (Level(D("0.41"), D(3)),)


def test_what_an_immediate_order_does_not_trade_is_withdrawn() -> None:
    book = book_of(order("maker", SELL, "0.40", "5"))
    outcome = book.place(order("taker", BUY, "0.41", "8", time_in_force=IOC))
    rest = order("taker", BUY, "0.41", "3", time_in_force=IOC)
    assert outcome.withdrawn == (Withdrawal(rest, Reason.UNFILLED),)
    assert book.levels(BUY) == ()


def test_fill_or_kill_trades_whole_or_not_at_all() -> None:
    book = book_of(order("maker", SELL, "0.40", "5"), order("dearer", SELL, "0.41", "5"))
    killed = book.place(order("big", BUY, "0.40", "6", time_in_force=FOK))
    assert killed.matches == ()
    assert killed.withdrawn[0].reason is Reason.UNFILLED
    assert len(book.place(order("fits", BUY, "0.41", "6", time_in_force=FOK)).matches) == 2


def test_post_only_refuses_to_trade_even_at_the_same_price() -> None:
    book = book_of(order("maker", SELL, "0.40", "5"))
    with pytest.raises(OrderRejected, match="post only cross"):
        book.place(order("poster", BUY, "0.40", "1", post_only=True))
    assert book.place(order("poster", BUY, "0.39", "1", post_only=True)).resting == 1


def test_meeting_oneself_kills_the_incoming_order_where_it_crosses() -> None:
    book = book_of(order("other", SELL, "0.39", "2"), order("mine", SELL, "0.40", "5", "me"))
    incoming = order("taker", BUY, "0.42", "4", "me")
    outcome = book.place(incoming)
    assert trades(outcome) == [("other", "2", "0.39")]
    (killed,) = outcome.withdrawn
    assert (killed.order.count, killed.reason) == (D(2), Reason.SELF_TRADE)
    assert book.order("mine").count == 5


def test_meeting_oneself_may_cancel_the_resting_order_instead() -> None:
    book = book_of(order("mine", SELL, "0.40", "5", "me"), order("other", SELL, "0.41", "2"))
    outcome = book.place(order("taker", BUY, "0.42", "2", "me", self_trade=SelfTrade.MAKER))
    assert trades(outcome) == [("other", "2", "0.41")]
    assert [w.order.order_id for w in outcome.withdrawn] == ["mine"]


def test_fill_or_kill_does_not_count_on_ones_own_orders() -> None:
    own = order("mine", SELL, "0.40", "5", "me")
    book = book_of(own, order("other", SELL, "0.41", "5"))
    for rule, trading in ((SelfTrade.TAKER_AT_CROSS, 0), (SelfTrade.MAKER, 1)):
        taker = order("taker", BUY, "0.41", "5", "me", time_in_force=FOK, self_trade=rule)
        assert len(book.place(taker).matches) == trading


def test_fill_or_kill_that_would_stop_at_ones_own_order_does_not_even_begin() -> None:
    book = book_of(
        order("cheap", SELL, "0.39", "2"),
        order("mine", SELL, "0.40", "5", "me"),
        order("dear", SELL, "0.41", "5"),
    )
    outcome = book.place(order("taker", BUY, "0.41", "5", "me", time_in_force=FOK))
    assert (trades(outcome), outcome.withdrawn[0].reason) == ([], Reason.UNFILLED)


def test_a_smaller_count_or_another_expiry_keeps_the_place_in_the_queue() -> None:
    book = book_of(order("first", BUY, "0.30", "5"), order("second", BUY, "0.30", "5"))
    book.amend("first", price=D("0.30"), count=D(4), expires_at=NOW)
    assert book.decrease("first", D(1)) == 3
    assert [o.order_id for o in book.orders(BUY)] == ["first", "second"]


@pytest.mark.parametrize(("price", "count"), [("0.30", "6"), ("0.29", "5"), ("0.31", "5")])
def test_a_larger_count_or_another_price_goes_to_the_back(price: str, count: str) -> None:
    book = book_of(order("first", BUY, "0.30", "5"), order("second", BUY, price, "5"))
    book.amend("first", price=D(price), count=D(count), expires_at=None)
    same_price = [o.order_id for o in book.orders(BUY) if o.price == D(price)]
    assert same_price == ["second", "first"]


def test_an_amendment_may_trade() -> None:
    book = book_of(order("bid", BUY, "0.30", "5"), order("offer", SELL, "0.40", "2"))
    outcome = book.amend("bid", price=D("0.41"), count=D(5), expires_at=None)
    assert (trades(outcome), outcome.resting) == ([("offer", "2", "0.40")], D(3))


def test_a_refused_amendment_leaves_the_order_alone() -> None:
    poster = order("bid", BUY, "0.30", "5", post_only=True)
    book = book_of(poster, order("offer", SELL, "0.40", "2"))
    for price in ("0.40", "1.00"):
        with pytest.raises(OrderRejected):
            book.amend("bid", price=D(price), count=D(5), expires_at=None)
    assert book.order("bid") == poster


def test_decreasing_by_everything_takes_the_order_out() -> None:
    book = book_of(order("bid", BUY, "0.30", "5"))
    with pytest.raises(OrderRejected, match="a decrease by 0"):
        book.decrease("bid", D(0))
    assert book.decrease("bid", D(7)) == 0
    assert book.levels(BUY) == ()


def test_an_order_that_does_not_rest_cannot_be_cancelled() -> None:
    book = book_of(order("bid", BUY, "0.30", "5"))
    assert book.cancel("bid").count == 5
    with pytest.raises(OrderRejected, match="no order bid rests"):
        book.cancel("bid")


def test_orders_leave_when_their_time_is_up_and_when_the_market_closes() -> None:
    soon, later = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    book = book_of(
        order("soon", BUY, "0.30", "5", expires_at=soon),
        order("later", BUY, "0.30", "5", expires_at=later),
        order("ever", SELL, "0.40", "5"),
    )
    assert [w.order.order_id for w in book.expire(soon)] == ["soon"]
    swept = book.clear(Reason.CLOSE)
    assert {w.order.order_id for w in swept} == {"later", "ever"}
    assert book.orders(BUY) == book.orders(SELL) == ()


@pytest.mark.parametrize(
    "changes", [{"price": "0"}, {"price": "1"}, {"count": "0"}, {"count": "1.005"}]
)
def test_impossible_orders_are_refused(changes: dict[str, str]) -> None:
    fields = {"price": "0.30", "count": "1"} | changes
    with pytest.raises(OrderRejected, match="invalid_order"):
        order("bad", BUY, fields["price"], fields["count"])


def test_only_waiting_orders_expire_and_ids_are_not_shared() -> None:
    with pytest.raises(OrderRejected, match="expiry"):
        order("bad", BUY, "0.30", "1", time_in_force=IOC, expires_at=NOW)
    book = book_of(order("bid", BUY, "0.30", "5"))
    with pytest.raises(OrderRejected, match="order_already_exists"):
        book.place(order("bid", BUY, "0.30", "5"))
