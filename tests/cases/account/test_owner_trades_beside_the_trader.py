"""The owner uses the exchange's own app while an order of ours rests.

A limit sale waits in the book; the owner sells the same contracts by hand, or makes the resting
order larger. When the order fills, the fill does not fit what our books hold. It is the exchange's
word all the same: it is counted, shown as an alarm, and nothing raises.
"""

from kalshi_edge.domain.events import LookDue
from kalshi_edge.domain.orders import OrderReport, Side
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import Alarm, CancelOrder
from tests.cases.account_stories import (
    TICKER,
    D,
    bought,
    filled,
    later,
    of,
    position,
    sold_by_hand,
    statement,
    trading,
    waiting_sale,
)


def test_a_waiting_sale_that_fills_after_a_sale_by_hand_opens_the_other_side() -> None:
    engine = trading()
    sale = waiting_sale(engine, bought(engine))
    sold_by_hand(engine)
    verdicts = engine.handle(filled(sale))
    assert [(trade.side, trade.open_count) for trade in of(Trade, verdicts)] == [(Side.SELL, D(10))]
    assert of(Alarm, verdicts)
    assert position(engine) == -10


def test_a_sale_is_taken_out_of_the_book_once_there_is_nothing_left_to_sell() -> None:
    engine = trading()
    sale = waiting_sale(engine, bought(engine))
    verdicts = sold_by_hand(engine)
    for second in range(121, 181):
        verdicts += engine.handle(LookDue(later(second)))
    assert sale.intent_id in [cancel.intent_id for cancel in of(CancelOrder, verdicts)]


def test_an_order_of_ours_that_was_enlarged_elsewhere_fills_as_large_as_it_is() -> None:
    engine = trading()
    sale = waiting_sale(engine, bought(engine, 20), 10)
    line = OrderReport("sale", sale.intent_id, TICKER, Side.SELL, D("0.40"), D(0), D(20))
    cash = engine.account.tracker.cash
    engine.handle(statement(later(100), cash, {TICKER: 20}, line))
    engine.handle(filled(sale, 20))
    assert position(engine) == 0
    assert engine.account.tracker.cash == cash + 8
