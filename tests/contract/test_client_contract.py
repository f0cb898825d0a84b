"""What the client sends, and what its tests are fed, held against the exchange's specification."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.account.cash_wire import CASH_LISTS
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.data.kalshi.exchange import KalshiExchange
from kalshi_edge.data.kalshi.stream_session import Oddities, Session
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.orders import Order, OrderState, Side, TimeInForce
from tests.support.builders import EVENT, NOW, TICKER, intent
from tests.support.kalshi_answers import (
    COSTS,
    LIMITS,
    STATUS,
    UUID,
    account_client,
    balance_json,
    book_json,
    cutoff_json,
    deposit_json,
    event_json,
    fee_change_json,
    fill_json,
    market_json,
    markets_json,
    order_json,
    payout_json,
    position_json,
    public_client,
    receipt_json,
    refusal_json,
    routed,
    schedule_json,
    series_json,
    stream_fill_json,
    subaccount_transfer_json,
    transfer_json,
    user_order_json,
)
from tests.support.sandbox_specs import RestSpec, StreamSpec, complaints, spec

PREFIX = "/trade-api/v2"
GTC = TimeInForce.GOOD_TILL_CANCELED
ORDER = intent()
ANSWERS: dict[str, Any] = {
    "GET /exchange/status": STATUS,
    "GET /exchange/schedule": schedule_json(),
    "GET /exchange/user_data_timestamp": {"as_of_time": "2026-11-22T16:00:01Z"},
    "GET /series/KXHIGHNY": series_json(),
    "GET /events": {"events": [event_json(markets=markets_json())], "cursor": ""},
    f"GET /events/{EVENT}": {"event": event_json(), "markets": markets_json()},
    f"GET /markets/{TICKER}": {"market": market_json()},
    "GET /markets/orderbooks": {"orderbooks": [book_json()]},
    "GET /markets": {"markets": [], "cursor": ""},
    "GET /historical/markets": {"markets": [market_json()], "cursor": ""},
    "GET /historical/cutoff": cutoff_json(),
    "GET /historical/orders": {"orders": [order_json("old")], "cursor": ""},
    "GET /historical/fills": {"fills": [fill_json()], "cursor": ""},
    "GET /portfolio/orders": [
        {"orders": [order_json("one")], "cursor": "next"},
        {"orders": [], "cursor": ""},
    ],
    f"GET /portfolio/orders/{UUID}": {"order": order_json(ORDER.intent_id, status="canceled")},
    "GET /portfolio/fills": {"fills": [fill_json()], "cursor": ""},
    "GET /portfolio/positions": {
        "market_positions": [position_json()],
        "event_positions": [],
        "cursor": "",
    },
    "GET /portfolio/settlements": {"settlements": [payout_json()], "cursor": ""},
    "GET /portfolio/balance": balance_json(),
    "GET /series/fee_changes": {"series_fee_change_arr": [fee_change_json()]},
    "GET /portfolio/deposits": {"deposits": [deposit_json()], "cursor": ""},
    "GET /portfolio/withdrawals": {"withdrawals": [deposit_json()], "cursor": ""},
    "GET /portfolio/subaccounts/transfers": {"transfers": [subaccount_transfer_json()]},
    "GET /portfolio/intra_exchange_instance_transfers": {"transfers": [transfer_json()]},
    "GET /account/limits": LIMITS,
    "GET /account/endpoint_costs": COSTS,
    "POST /portfolio/events/orders": httpx.Response(201, json=receipt_json()),
    f"DELETE /portfolio/events/orders/{UUID}": {
        "order_id": UUID,
        "reduced_by": "3.44",
        "ts_ms": 1795359447827,
    },
}


class Checked(httpx.AsyncBaseTransport):
    """Answers from ``ANSWERS``; questions and answers alike are held against the specification."""

    def __init__(self, folder: Path) -> None:
        self.rest = RestSpec(folder)
        self.whole = spec(folder / "openapi.yaml")
        self.inner = routed(dict(ANSWERS))
        self.seen: set[tuple[str, str]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path.removeprefix(PREFIX)
        template = self.rest.template(method, path)
        self.seen.add((method, template))
        self.check_question(request, self.whole["paths"][template][method.lower()])
        answer = await self.inner.handle_async_request(request)
        assert self.rest.complaints(method, path, answer.status_code, answer.json()) == []
        return answer

    def check_question(self, request: httpx.Request, operation: dict[str, Any]) -> None:
        known = {one["name"]: one for one in map(self.resolved, operation.get("parameters", []))}
        for name in request.url.params:
            values: Any = request.url.params.get_list(name)
            schema = known[name]["schema"]
            kind = self.resolved(schema).get("type")
            value = (
                values if kind == "array" else int(values[0]) if kind == "integer" else values[0]
            )
            if kind == "boolean":
                value = {"true": True, "false": False}[value]
            assert complaints(self.rest.path, schema, value) == [], name
        needed = {
            name for name, one in known.items() if one.get("required") and one["in"] == "query"
        }
        assert needed <= set(request.url.params)
        signed = {name.upper() for name in request.headers} >= {
            f"KALSHI-ACCESS-{part}" for part in ("KEY", "SIGNATURE", "TIMESTAMP")
        }
        assert signed or "security" not in operation
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert complaints(self.rest.path, schema, json.loads(request.content)) == []

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        _, kind, name = node["$ref"].removeprefix("#/").split("/")
        return self.whole["components"][kind][name]


@pytest.fixture
def specs(shared: Path) -> Path:
    return shared / "specs"


async def test_every_request_and_every_answer_of_our_tests_is_as_specified(specs):
    transport = Checked(specs)
    public = public_client(transport)
    account = account_client(
        transport, ApiKey("an-id", Ed25519PrivateKey.generate(), ManualClock(NOW))
    )
    exchange = KalshiExchange(account, public, ManualClock(NOW), looks_s=(0,))
    await public.status(), await public.schedule(), await public.series("KXHIGHNY")
    await public.ladders([station_of("NYC")]), await public.ladder(EVENT)
    await public.market(TICKER), await public.books([TICKER]), await public.settlements([TICKER])
    await account.learn_limits(), await account.balance(), await account.positions()
    await account.fills(), await account.fills(NOW), await account.payouts(NOW)
    await account.orders(), await account.orders(NOW, ticker=TICKER), await account.data_as_of()
    for each in CASH_LISTS:
        assert await account.movements(each)
    for order in (
        ORDER,
        intent(side=Side.SELL, count="0.5", reduces=True),
        intent(time_in_force=TimeInForce.FILL_OR_KILL),
        intent(time_in_force=GTC, post_only=True, expires_at=NOW + timedelta(hours=1)),
    ):
        await exchange.place(order)
    await exchange.cancel(Order(ORDER, OrderState.RESTING, UUID))
    assert await account.order(UUID)
    asked = {transport.rest.template(*route.split(" ", 1)) for route in ANSWERS}
    assert {template for _, template in transport.seen} == asked


def test_our_commands_on_the_stream_are_as_specified(specs):
    session = Session(["KXHIGHNY"], {}, Oddities())
    commands = session.open([TICKER], 0.0)
    frames = [
        {
            "type": "subscribed",
            "id": c["id"],
            "msg": {"channel": c["params"]["channels"][0], "sid": n},
        }
        for n, c in enumerate(commands, start=1)
    ]
    other = f"{EVENT}-B54.5"
    for frame in frames:
        list(session.receive(frame, NOW, 0.0))
    commands += session.watch([other], 0.0)
    snapshot = {"market_ticker": other, "market_id": UUID, "clock": 5}
    for seq in (1, 3):
        frame = {"type": "orderbook_snapshot", "sid": 4, "seq": seq, "msg": snapshot}
        assert StreamSpec(specs).complaints(frame) == []
        for result in session.receive(frame, NOW, 0.0):
            if isinstance(result, dict):
                commands.append(result)
    names = {
        "subscribe": "subscribeCommandPayload",
        "update_subscription": "updateSubscriptionCommandPayload",
    }
    assert {c["params"].get("action") for c in commands} == {
        None, "add_markets", "delete_markets", "get_snapshot",
    }  # fmt: skip
    for command in commands:
        schema = {"$ref": f"#/components/schemas/{names[command['cmd']]}"}
        assert complaints(specs / "asyncapi.yaml", schema, command) == []


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "fill", "sid": 1, "msg": stream_fill_json(client_order_id="an-intent")},
        {"type": "user_order", "sid": 2, "msg": user_order_json("an-intent")},
        {"type": "error", "id": 3, "msg": {"code": 25, "msg": "Subscription buffer overflow"}},
        {
            "type": "market_lifecycle_v2",
            "sid": 3,
            "seq": 1,
            "msg": {"market_ticker": TICKER, "event_type": "settled", "settled_ts": 1795435500},
        },
        {
            "type": "event_fee_update",
            "sid": 3,
            "seq": 2,
            "msg": {
                "event_ticker": EVENT,
                "fee_type_override": None,
                "fee_multiplier_override": None,
            },
        },
    ],
    ids=lambda frame: frame["type"],
)
def test_the_frames_of_our_tests_are_as_specified(specs, frame):
    # user ids in our tests are UUIDs already; the other texts have no format
    assert StreamSpec(specs).complaints(frame) == []


def test_the_bodies_of_errors_are_as_specified_once_unwrapped(specs):
    flat = refusal_json("order_already_exists", "exists", "9f1c")["error"]
    schema = {"$ref": "#/components/schemas/ErrorResponse"}
    assert complaints(specs / "openapi.yaml", schema, flat) == []
