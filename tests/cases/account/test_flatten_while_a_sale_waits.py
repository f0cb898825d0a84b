"""Everything is to be sold, but a position's contracts already stand in a limit sale far too dear.

FLATTEN means out: the waiting sale is cancelled, or the position is sold beside it.
"""

from kalshi_edge.domain.events import Halt, LookDue
from kalshi_edge.domain.records import SwitchState
from kalshi_edge.domain.verdicts import Approved, CancelOrder
from tests.cases.account_stories import bought, later, of, trading, waiting_sale


def test_flatten_cancels_the_waiting_sale_or_sells() -> None:
    engine = trading()
    waiting_sale(engine, bought(engine), price="0.95")
    verdicts = list(engine.handle(Halt("out of it", later(120), level=SwitchState.FLATTEN)))
    for second in range(121, 400, 2):
        verdicts += engine.handle(LookDue(later(second)))
    assert of(CancelOrder, verdicts) or of(Approved, verdicts)
