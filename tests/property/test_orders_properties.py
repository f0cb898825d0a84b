"""Whatever is told of an order, in whatever order: what holds of it always."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.orders import Order, OrderState, OrderStep
from tests.support.builders import intent

D = Decimal
counts = st.decimals("0.01", "6", places=2)
news = st.one_of(
    st.tuples(st.sampled_from(OrderStep), st.decimals("0", "10", places=2)),
    counts,
)


@given(st.lists(news, max_size=25))
def test_an_order_stays_whole_whatever_it_is_told(told: list[object]) -> None:
    order, filled = Order(intent(count=10)), D(0)
    for one in told:
        before = order
        if isinstance(one, tuple):
            order = order.step(one[0], reported=one[1])
        else:
            assert isinstance(one, D)
            order = order.fill(one)
            filled += one
        assert before.state is not OrderState.DONE or order.state is OrderState.DONE
        assert order.reported >= before.reported
        assert order.filled == filled <= order.intent.count
        assert order.intent.count == max(filled, D(10))
        assert order.pending >= 0
        assert order.is_live or order.pending == 0


@given(st.lists(counts, max_size=8))
def test_the_receipt_may_come_before_between_or_after_the_fills(fills: list[Decimal]) -> None:
    total = sum(fills, D(0))
    sent = Order(intent(count=max(total, D(1)) + 1)).step(OrderStep.SEND)

    def after(place: int) -> Order:
        order = sent
        for number, count in enumerate(fills):
            if number == place:
                order = order.step(OrderStep.FINISH, reported=total, order_id="x", reason="over")
            order = order.fill(count)
        if place >= len(fills):
            order = order.step(OrderStep.FINISH, reported=total, order_id="x", reason="over")
        return order

    assert len({after(place) for place in range(len(fills) + 1)}) == 1
    assert not after(0).is_live
