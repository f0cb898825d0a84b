"""The exchange refuses a whole group of orders once too many contracts of it traded in 15 s.

All our orders are in one group, and nobody resets it. An order that only reduces must go out all
the same, and one entry must not be so large that it triggers the group by itself.
"""

from datetime import timedelta

import pytest

from kalshi_edge.config import Settings
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.verdicts import Approved
from tests.cases.account_stories import EVE, of, offer, setup
from tests.support.builders import intent
from tests.support.kalshi_sandbox import member

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


async def test_an_order_that_reduces_goes_out_after_the_group_was_triggered() -> None:
    async with member() as at:
        exchange = KalshiExchange(
            at.account,
            at.public,
            at.sandbox.clock,
            looks_s=(0.0, 0.01),
            group_id=await at.account.open_group(20),
        )
        at.offer(Side.SELL, "0.25", 50)
        now = at.sandbox.clock.now()
        bought = await exchange.place(intent(at.ticker, count=25, price="0.25", created_at=now))
        assert bought.filled == 25
        at.advance(timedelta(minutes=10))
        at.offer(Side.BUY, "0.23", 50)
        now = at.sandbox.clock.now()
        way_out = intent(at.ticker, Side.SELL, 25, "0.23", reduces=True, created_at=now)
        assert (await exchange.place(way_out)).filled == 25


def test_one_entry_stays_within_the_groups_limit() -> None:
    limit = Settings().max_contracts_15s
    engine = setup(balance=25_000).fresh_engine()
    for event in offer(bids=[("0.19", 5_000)], asks=[("0.20", 11_317)]):
        engine.handle(event)
    approved = of(Approved, engine.handle(CycleDue(EVE)))
    counts = [entry.count for one in approved for entry in one.intents]
    assert counts
    assert max(counts) <= limit
