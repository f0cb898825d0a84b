"""One order meets three makers, and its fills are learnt over REST after a reconnect.

The client and the exchange's protocol are the real ones. Every fee is what the exchange charges
for the order as a whole, so nothing may hold trading back.
"""

from datetime import timedelta

import pytest

from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.records import Switch
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from tests.cases.account_stories import of, resting, setup
from tests.support.builders import intent
from tests.support.kalshi_sandbox import member

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


async def test_the_fills_of_one_order_hold_nothing_back() -> None:
    async with member() as at:
        for count in ("3.12", "1.56", "4.68"):
            at.offer(Side.SELL, "0.25", count)
        now = at.sandbox.clock.now()
        order = intent(at.ticker, count="9.36", price="0.25", created_at=now)
        await at.exchange.place(order)
        fills = await at.account.fills(now - timedelta(minutes=5))
        ladder = at.ladder
    assert len(fills) == 3
    engine = setup(breakers=CircuitBreakers()).fresh_engine()
    engine.handle(ladder)
    resting(engine, order)
    assert [hold.reason for one in fills for hold in of(Switch, engine.handle(one))] == []
