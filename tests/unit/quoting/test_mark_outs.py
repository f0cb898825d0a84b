"""Where the prices went after a quote was taken: seen in time or not at all, each order once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.events import LookDue
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.records import MarkOut
from kalshi_edge.portfolio.mark_out_figures import mark_out_figures
from tests.support.builders import NOW, TICKER, fill
from tests.unit.quoting.test_quoter import AT, all_posted, of_kind, offer, told

D = Decimal


def marked(name: str, minutes_until_books: int = 0) -> list[MarkOut]:
    """The mark-outs of one quote that is taken two minutes after its posting."""
    engine = told()
    quote = all_posted(engine)[name]
    at = AT + timedelta(minutes=2)
    taken = replace(fill(quote, 2, quote.limit_price, 0), valid_at=at, received_at=at)
    engine.handle(replace(taken, is_taker=False))
    engine.handle(replace(taken, is_taker=False))  # told again, by the other way
    found: list[MarkOut] = []
    for minute in range(1, 40):
        seen_at = at + timedelta(minutes=minute)
        if minute >= minutes_until_books:
            found += of_kind(MarkOut, offer(engine, name, "0.30", "0.34", at=seen_at))
        found += of_kind(MarkOut, engine.handle(LookDue(seen_at + timedelta(seconds=1))))
    return found


@pytest.mark.parametrize(("name", "sign"), [("B52.5", 1), ("B54.5", -1)])
def test_a_fill_is_marked_after_one_five_and_thirty_minutes_signed_for_its_side(
    name: str, sign: int
) -> None:
    found = marked(name)
    assert [one.minutes for one in found] == [1, 5, 30]
    for one in found:
        assert one.mid == D("0.32")
        assert one.per_contract == sign * (D("0.32") - one.price)
        assert (one.side is Side.BUY) is (sign > 0)


def test_figures_take_each_order_once_and_say_how_sure_they_are() -> None:
    def mark(order: str, price: str, count: int, minutes: int = 5) -> MarkOut:
        mid = D("0.30")
        side = Side.BUY
        return MarkOut(
            f"{order} {price}", order, TICKER, "NYC", side, D(price), D(count), minutes, mid, NOW
        )

    one, five = mark_out_figures(
        [mark("a", "0.28", 10), mark("a", "0.31", 30), mark("b", "0.32", 1), mark("b", "0.3", 1, 1)]
    )
    assert (one.minutes, one.orders, one.low) == (1, 1, None)
    assert (five.minutes, five.orders, five.contracts) == (5, 2, 41)
    # order a: (10 · 2 − 30 · 1) / 40 cents; order b: −2 cents
    assert five.mean == pytest.approx((-0.0025 - 0.02) / 2)
    assert five.low is not None
    assert five.high is not None
    assert five.low < five.mean < five.high
    assert mark_out_figures([]) == ()
