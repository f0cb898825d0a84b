"""A market without a bid is marked at nothing, and that alone is a day's loss.

Two entries within every limit, bought where nobody bids, must not end the day's trading; nor must
a maker who takes his bids out for one second.
"""

from kalshi_edge.domain.events import CycleDue, OrderUpdate
from kalshi_edge.domain.market import FeeRule
from kalshi_edge.domain.orders import OrderStep
from kalshi_edge.domain.records import Switch
from kalshi_edge.domain.verdicts import Approved
from kalshi_edge.trading.fees import taker_fee
from tests.cases.account_stories import EVE, later, of, offer, resting, setup
from tests.support.builders import DAY, book, event_ticker, fill, intent, ladder

CITIES = ("NYC", "MIA")


def test_entries_within_all_limits_do_not_throw_the_switch_by_themselves() -> None:
    engine = setup(*CITIES).fresh_engine()
    for city in CITIES:
        for event in offer(city, bids=[], asks=[("0.11", 400)]):
            engine.handle(event)
    thrown = []
    for approved in of(Approved, engine.handle(CycleDue(EVE))):
        for entry in approved.intents:
            engine.handle(OrderUpdate(entry.intent_id, OrderStep.SEND, EVE))
            fee = taker_fee(entry.limit_price, entry.count, FeeRule(), EVE)
            done = fill(entry, entry.count, entry.limit_price, fee, valid_at=EVE, received_at=EVE)
            thrown += of(Switch, engine.handle(done))
    assert [hold.reason for hold in thrown] == []


def test_bids_that_are_back_after_a_second_do_not_halt_the_rest_of_the_day() -> None:
    engine = setup(*CITIES).fresh_engine()
    asks, bids = [("0.26", 500)], [("0.24", 500)]
    tickers = [f"{event_ticker(city, DAY)}-B54.5" for city in CITIES]
    for city, ticker in zip(CITIES, tickers, strict=True):
        engine.handle(ladder(city, received_at=EVE))
        engine.handle(book(ticker, bids, asks, EVE))
        order = intent(ticker, count=115, price="0.25", created_at=EVE, city=city, trade_id=ticker)
        resting(engine, order)
        engine.handle(fill(order, 115, "0.25", "0", valid_at=EVE, received_at=EVE))
    for second, there in ((10, []), (11, bids)):
        for ticker in tickers:
            engine.handle(book(ticker, there, asks, later(second)))
    assert not engine.kill_switch.switch_at(later(3600)).is_halted(later(3600))
