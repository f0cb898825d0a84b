"""One leg of a bracket is lost; the other is sold into whatever the newest book pays.

That book is twenty minutes old, and nearly all of it bids one cent for what was bought at 0.25 and
is worth 0.30. Selling needs a floor; holding until settlement is better than a cent.
"""

from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.orders import Order, OrderStep, Strategy
from kalshi_edge.domain.verdicts import Approved
from tests.cases.account_stories import OTHER, TICKER, D, bought, later, of, trading
from tests.support.builders import book, intent


def test_a_lone_leg_is_not_sold_far_below_what_it_is_worth() -> None:
    engine = trading()
    legs = {"bracket_id": "both", "strategy": Strategy.BRACKET, "fair": 0.30}
    bought(engine, 200, trade_id="the leg held", **legs)
    engine.handle(book(TICKER, [("0.23", 3), ("0.01", 500)], [("0.25", 100)], later(1)))
    lost = intent(OTHER, count=200, price="0.20", trade_id="the leg lost", **legs)
    engine.account.orders[lost.intent_id] = Order(lost)
    done = OrderUpdate(lost.intent_id, OrderStep.FINISH, later(1200), reason="nothing offered")
    prices = [one.intents[0].limit_price for one in of(Approved, engine.handle(done))]
    assert [price for price in prices if price <= D("0.10")] == []
