"""Every frame of the sandbox's stream, held against the exchange's AsyncAPI document."""

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_sandbox.exchange.stream.hub import Hub
from kalshi_sandbox.exchange.stream.subscriptions import CHANNELS, ERRORS
from kalshi_sandbox.exchange.venue.incidents import change_ticks
from kalshi_sandbox.exchange.venue.order_groups import (
    create_group,
    delete_group,
    limit_group,
    reset_group,
)
from tests.support.sandbox_builders import BIN, TODAY, exchange, member, order
from tests.support.sandbox_specs import StreamSpec

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]

COMMANDS = (
    {"cmd": "subscribe", "params": {"channels": sorted(CHANNELS), "market_tickers": [BIN]}},
    {"cmd": "subscribe", "params": {"channels": ["ticker"], "send_initial_snapshot": True}},
    {"cmd": "subscribe", "params": {"channels": ["nonsense"]}},
    {"cmd": "subscribe", "params": {"channels": ["trade"], "market_tickers": ["NO-SUCH"]}},
    {"cmd": "list_subscriptions"},
    {
        "cmd": "update_subscription",
        "params": {"sids": [3], "action": "add_markets", "market_tickers": [f"{TODAY}-T50"]},
    },
    {
        "cmd": "update_subscription",
        "params": {"sid": 3, "action": "get_snapshot", "market_ticker": BIN},
    },
    {"cmd": "update_subscription", "params": {"sid": 3, "action": "none"}},
    {"cmd": "unsubscribe", "params": {"sids": [99]}},
    {"cmd": "nonsense", "params": {}},
)


def a_day(on, account) -> None:
    """Everything that makes news."""
    desk, venue, other = on.desk, on.venue, member(on)
    group = create_group(desk, account, Decimal(100))
    expires = venue.now + timedelta(minutes=5)
    grouped = order(group_id=group.group_id, client_order_id="mine", expires_at=expires)
    desk.place(account, grouped)
    desk.place(other, order("ask", "0.40", "2.50"))
    rest = desk.place(account, order("ask", "0.80", "5")).order
    desk.amend(account, rest.order_id, price=Decimal("0.79"), total=Decimal(6), expires_at=None)
    desk.decrease(account, rest.order_id, by=Decimal(1))
    limit_group(desk, group, Decimal(50))
    desk.execution.trigger_group(group)
    reset_group(desk, group)
    delete_group(desk, group)
    market = venue.market(BIN)
    venue.halt(market)
    desk.reactivate(market)
    change_ticks(on, f"{TODAY}-T50", "deci_cent")
    event = venue.events[TODAY]
    venue.set_event_fees(event, FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES, Decimal("0.5")))
    venue.set_event_fees(event, None)
    desk.place(account, order(expires_at=venue.now + timedelta(minutes=1)))
    venue.advance(event.close_at + timedelta(days=1))


@pytest.fixture
def spec(shared) -> StreamSpec:
    return StreamSpec(shared / "specs")


def test_every_frame_is_as_the_specification_says(spec) -> None:
    on = exchange()
    session = Hub(on).connect(member(on))
    for number, command in enumerate(COMMANDS):
        session.receive(orjson.dumps({"id": number, **command}))
    sid = next(s.sid for s in session.subscriptions.values() if s.channel == "orderbook_delta")
    get_snapshot = {"sid": sid, "action": "get_snapshot", "market_ticker": BIN}
    command = {"id": 90, "cmd": "update_subscription", "params": get_snapshot}
    session.receive(orjson.dumps(command))
    a_day(on, session.account)
    for subscription in tuple(session.subscriptions.values())[:2]:
        session.end(subscription, 10)
    left = list(session.subscriptions)
    session.receive(orjson.dumps({"id": 91, "cmd": "unsubscribe", "params": {"sids": left}}))
    frames = [orjson.loads(frame) for frame in session.outgoing]
    assert {frame["type"] for frame in frames} == set(spec.names)
    complaints = {text for frame in frames for text in spec.complaints(frame)}
    assert complaints == set()


def test_every_error_code_is_one_of_the_specifications(spec) -> None:
    for code, text in ERRORS.items():
        frame = {"type": "error", "msg": {"code": code, "msg": text}}
        assert spec.complaints(frame) == []
