"""The account as a fold: no fill counts twice and no cent is lost, whatever comes when."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.domain.market import Book, Level
from kalshi_edge.domain.orders import Fill, Intent, Settlement, Side, derived_id
from kalshi_edge.execution.simulated_ledger import Ledger
from kalshi_edge.portfolio.tracker import Tracker, liquidation_value, open_cost
from tests.support.builders import NOW, fill, intent

D = Decimal
counts = st.decimals("0.01", "50", places=2)
prices = st.decimals("0.0001", "0.9999", places=4)
fees = st.decimals("0", "2", places=6)
pieces = st.lists(st.tuples(counts, prices, fees), min_size=1, max_size=6)
sides = st.sampled_from(Side)
STARTING = D(1000)


def told(order: Intent, parts: Sequence[tuple[Decimal, Decimal, Decimal]]) -> list[Fill]:
    return [
        fill(order, count, price, fee, fill_id=derived_id(order.intent_id, number))
        for number, (count, price, fee) in enumerate(parts)
    ]


def entry(side: Side, parts: Sequence[tuple[Decimal, Decimal, Decimal]]) -> Intent:
    return intent(side=side, count=sum((count for count, _, _ in parts), D(0)))


def exit_of(order: Intent, count: Decimal) -> Intent:
    side = Side.SELL if order.side is Side.BUY else Side.BUY
    return intent(side=side, count=count, trade_id=order.trade_id, reduces=True, name="exit")


def folded(order: Intent, fills: Sequence[Fill]) -> Tracker:
    tracker = Tracker("paper", STARTING)
    for each in fills:
        tracker.fill(each, order)
    return tracker


@given(sides, pieces, st.data())
def test_neither_order_nor_repetition_of_entry_fills_matters(
    side: Side, parts: list[tuple[Decimal, Decimal, Decimal]], data: st.DataObject
) -> None:
    order = entry(side, parts)
    fills = told(order, parts)
    again = data.draw(st.lists(st.sampled_from(fills), max_size=10))
    shuffled = data.draw(st.permutations(fills + again))
    one, other = folded(order, fills), folded(order, shuffled)
    assert one.cash == other.cash
    assert one.trades == other.trades


@given(sides, pieces, st.data())
def test_a_fold_taken_up_from_its_records_is_the_same_fold(
    side: Side, parts: list[tuple[Decimal, Decimal, Decimal]], data: st.DataObject
) -> None:
    order = entry(side, parts)
    fills = told(order, parts)
    cut = data.draw(st.integers(0, len(fills)))
    first = folded(order, fills[:cut])
    again = Tracker("paper", STARTING, first.trades.values(), [f.fill_id for f in fills[:cut]])
    for each in fills:
        again.fill(each, order)
    whole = folded(order, fills)
    assert (again.cash, again.trades) == (whole.cash, whole.trades)
    assert again.open_trades() == whole.open_trades()


@given(sides, pieces, st.data(), st.decimals("0", "1", places=2))
def test_every_cent_is_where_an_exchanges_ledger_has_it(
    side: Side,
    parts: list[tuple[Decimal, Decimal, Decimal]],
    data: st.DataObject,
    value: Decimal,
) -> None:
    order = entry(side, parts)
    tracker, ledger = folded(order, told(order, parts)), Ledger(STARTING)
    for each in told(order, parts):
        ledger = ledger.filled(each)
    sold = data.draw(st.lists(st.decimals("0.01", "40", places=2), max_size=4))
    kept = [c for c, total in zip(sold, accumulate(sold), strict=True) if total <= order.count]
    leaving = exit_of(order, order.count)
    for number, count in enumerate(kept):
        each = fill(
            leaving, count, data.draw(prices), data.draw(fees), fill_id=derived_id("x", number)
        )
        tracker.fill(each, leaving)
        ledger = ledger.filled(each)
    (trade,) = tracker.trades.values()
    assert trade.open_count == abs(ledger.held(order.ticker)) == order.count - sum(kept, D(0))
    settlement = Settlement(order.ticker, value, None, NOW, NOW)
    tracker.settle(settlement)
    ledger = ledger.settled(settlement)
    (trade,) = tracker.trades.values()
    assert tracker.cash == ledger.cash
    assert trade.pnl == tracker.cash - STARTING
    assert tracker.equity({}) == tracker.cash


@given(sides, pieces, st.data(), st.decimals("0", "1", places=2))
def test_it_does_not_matter_which_fills_come_after_the_settlement(
    side: Side,
    parts: list[tuple[Decimal, Decimal, Decimal]],
    data: st.DataObject,
    value: Decimal,
) -> None:
    order = entry(side, parts)
    leaving = exit_of(order, order.count)
    bought = told(order, parts)
    sold = told(leaving, data.draw(st.lists(st.sampled_from(parts), max_size=1)))
    steps = [(each, order) for each in bought] + [(each, leaving) for each in sold]
    cut = data.draw(st.integers(1, len(steps)))
    settlement = Settlement(order.ticker, value, None, NOW, NOW)
    early, late = Tracker("paper", STARTING), Tracker("paper", STARTING)
    for each, of in steps:
        early.fill(each, of)
    for each, of in steps[:cut]:
        late.fill(each, of)
    early.settle(settlement)
    late.settle(settlement)
    for each, of in steps[cut:]:
        late.fill(each, of)
        late.settle(settlement)
    assert early.cash == late.cash
    assert late.open_trades() == ()


levels = st.lists(st.tuples(st.integers(1, 99), counts), max_size=6, unique_by=lambda one: one[0])


@given(sides, pieces, levels)
def test_a_mark_is_what_selling_into_the_book_would_bring_and_never_more(
    side: Side, parts: list[tuple[Decimal, Decimal, Decimal]], quoted: list[tuple[int, Decimal]]
) -> None:
    order = entry(side, parts)
    (trade,) = folded(order, told(order, parts)).open_trades()
    # the price that whoever closes gets per contract: the bid, or a dollar less the ask
    received = sorted(((D(cents) / 100, count) for cents, count in quoted), reverse=True)
    if side is Side.BUY:
        book = Book("T", tuple(Level(p, c) for p, c in received), (), NOW, NOW)
    else:
        book = Book("T", (), tuple(Level(1 - p, c) for p, c in received), NOW, NOW)
    left, worth = trade.open_count, D(0)
    for price, count in received:
        step = min(left, count)
        worth, left = worth + step * price, left - step
    assert liquidation_value(trade, book) == worth
    best = received[0][0] if received else D(0)
    assert 0 <= worth <= best * trade.open_count
    assert liquidation_value(trade, None) == open_cost(trade)
