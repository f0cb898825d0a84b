"""The machine's clock was an hour ahead and is set right.

What is asked for again and again, with a pause in between, must not fall silent for that hour: the
fate of an order whose answer was lost, and the sales that FLATTEN wants.
"""

from kalshi_edge.domain.events import Halt, LookDue, OrderUpdate
from kalshi_edge.domain.orders import Order, OrderStep
from kalshi_edge.domain.records import SwitchState
from kalshi_edge.domain.verdicts import Approved, ResolveOrder
from kalshi_edge.engine import Engine
from tests.cases.account_stories import TICKER, D, bought, later, of, trading
from tests.support.builders import intent

AHEAD = later(3600)


def seconds_of(kind: type, engine: Engine) -> list[int]:
    """When ``kind`` follows in the hour that the clock has to go through again."""
    return [s for s in range(0, 3500, 10) if of(kind, engine.handle(LookDue(later(s))))]


def test_a_lost_order_is_asked_for_after_the_clock_was_set_back() -> None:
    engine = trading()
    lost = intent(TICKER, count=10, price="0.25", created_at=AHEAD, cost_limit=D("2.64"))
    engine.account.orders[lost.intent_id] = Order(lost).step(OrderStep.SEND).step(OrderStep.LOSE)
    assert of(ResolveOrder, engine.handle(LookDue(AHEAD)))
    assert seconds_of(ResolveOrder, engine)


def test_flatten_tries_again_after_the_clock_was_set_back() -> None:
    engine = trading()
    bought(engine)
    (approved,) = of(Approved, engine.handle(Halt("out", AHEAD, level=SwitchState.FLATTEN)))
    (sale,) = approved.intents
    engine.handle(OrderUpdate(sale.intent_id, OrderStep.SEND, AHEAD))
    engine.handle(OrderUpdate(sale.intent_id, OrderStep.FINISH, AHEAD, reason="nothing filled"))
    assert seconds_of(Approved, engine)
