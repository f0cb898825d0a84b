"""Every reconnect brings the orders of two days again, those placed by hand and long over too.

The first news of such an order may be an alarm; the same news again is none.
"""

from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.orders import OrderStep
from kalshi_edge.domain.verdicts import Alarm
from tests.cases.account_stories import later, of, trading


def test_the_same_news_of_an_order_placed_elsewhere_is_one_alarm_at_most() -> None:
    engine = trading()
    alarms = []
    for minute in range(5):
        news = OrderUpdate(
            "placed in the app", OrderStep.FINISH, later(60 * minute), order_id="x", reason="over"
        )
        alarms += of(Alarm, engine.handle(news))
    assert len(alarms) <= 1
