"""The matching engine against a plain list that is searched anew for every contract traded."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.orders import Side, TimeInForce
from kalshi_edge.errors import OrderRejected
from kalshi_edge.execution.matching import LimitOrder, MatchOutcome, OrderBook, Reason, SelfTrade
from kalshi_edge.units import CENT, ZERO

prices = st.integers(40, 46).map(lambda cents: Decimal(cents) / 100)
counts = st.integers(1, 1_000).map(lambda hundredths: Decimal(hundredths) / 100)
requests = st.builds(
    LimitOrder,
    order_id=st.just(""),
    owner=st.sampled_from(["ann", "bob", "cyd"]),
    side=st.sampled_from(Side),
    price=prices,
    count=counts,
    time_in_force=st.sampled_from(TimeInForce),
    post_only=st.booleans(),
    self_trade=st.sampled_from(SelfTrade),
)
sessions = st.lists(requests, max_size=25).map(
    lambda orders: [replace(order, order_id=str(n)) for n, order in enumerate(orders)]
)


def placed(book: OrderBook, order: LimitOrder) -> MatchOutcome | None:
    try:
        return book.place(order)
    except OrderRejected:
        return None


def lots(book: OrderBook) -> Decimal:
    return sum((o.count for side in Side for o in book.orders(side)), ZERO)


@given(sessions)
def test_contracts_are_conserved(session):
    book = OrderBook()
    for order in session:
        before = lots(book)
        outcome = placed(book, order)
        if outcome is None:
            assert lots(book) == before
            continue
        traded = sum((m.count for m in outcome.matches), ZERO)
        own = [w for w in outcome.withdrawn if w.order.order_id == order.order_id]
        others = [w for w in outcome.withdrawn if w.order.order_id != order.order_id]
        lost = sum((w.order.count for w in own), ZERO)
        assert traded + outcome.resting + lost == order.count
        cancelled = sum((w.order.count for w in others), ZERO)
        assert lots(book) == before - traded - cancelled + outcome.resting


@given(sessions)
def test_no_trade_is_worse_than_the_limit_and_none_is_with_oneself(session):
    book = OrderBook()
    for order in session:
        outcome = placed(book, order)
        for match in outcome.matches if outcome else ():
            assert order.meets(match.price)
            assert match.price == match.maker.price
            assert match.maker.owner != order.owner
            assert match.count <= min(match.maker.count, match.taker.count)
        if order.time_in_force is TimeInForce.FILL_OR_KILL and outcome:
            assert sum((m.count for m in outcome.matches), ZERO) in (ZERO, order.count)


@given(sessions)
def test_the_book_never_stays_crossed_between_different_owners(session):
    book = OrderBook()
    for order in session:
        placed(book, order)
        bids, asks = book.levels(Side.BUY), book.levels(Side.SELL)
        assert not bids or not asks or bids[0].price < asks[0].price
        assert all(a.price > b.price for a, b in pairwise(bids))
        assert all(a.price < b.price for a, b in pairwise(asks))


class PlainBook:
    """Price and time priority said plainly: find the best order, trade a hundredth, repeat."""

    def __init__(self) -> None:
        self.resting: list[LimitOrder] = []

    def counterparty(self, order: LimitOrder) -> LimitOrder | None:
        sign = 1 if order.side is Side.BUY else -1
        meeting = [o for o in self.resting if o.side is not order.side and order.meets(o.price)]
        return min(meeting, key=lambda o: sign * o.price, default=None)

    def place(self, order: LimitOrder) -> list[tuple[str, Decimal]]:
        if order.post_only and self.counterparty(order):
            return []
        before, traded, left = list(self.resting), [], order
        while maker := self.counterparty(left):
            at = self.resting.index(maker)
            if maker.owner != order.owner:
                traded.append((maker.order_id, maker.price))
                self.resting[at : at + 1] = smaller(maker)
                if left.count == CENT:
                    return traded
                (left,) = smaller(left)
            elif order.self_trade is SelfTrade.MAKER:
                del self.resting[at]
            else:
                break
        if order.time_in_force is TimeInForce.FILL_OR_KILL:
            self.resting = before
            return []
        if order.time_in_force is TimeInForce.GOOD_TILL_CANCELED and not (self.counterparty(left)):
            self.resting.append(left)
        return traded


def smaller(order: LimitOrder) -> list[LimitOrder]:
    left = order.count - CENT
    return [replace(order, count=left)] if left else []


small = st.integers(1, 9).map(lambda hundredths: Decimal(hundredths) / 100)


@given(sessions, st.data())
def test_it_trades_what_the_plain_list_trades(session, data):
    book, plain = OrderBook(), PlainBook()
    for order in session:
        little = replace(order, count=data.draw(small))
        outcome = placed(book, little)
        matches = outcome.matches if outcome else ()
        step_by_step = [
            (m.maker.order_id, m.price) for m in matches for _ in range(int(m.count / CENT))
        ]
        assert step_by_step == plain.place(little)
        for side in Side:
            best = sorted(
                (o for o in plain.resting if o.side is side),
                key=lambda o: -o.price if o.side is Side.BUY else o.price,
            )
            assert list(book.orders(side)) == best


@given(sessions, st.data())
def test_whatever_is_asked_the_orders_that_left_are_gone(session, data):
    book = OrderBook()
    for order in session:
        placed(book, order)
    names = [o.order_id for side in Side for o in book.orders(side)]
    gone = set()
    for name in data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []:
        book.cancel(name)
        gone.add(name)
    left = {w.order.order_id for w in book.clear(Reason.CLOSE)}
    assert left == set(names) - gone
    assert lots(book) == ZERO
