"""Every endpoint against a trader that really trades, in a SYNTHETIC world."""

import asyncio
import json

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from kalshi_edge.api.server import create_app
from tests.support.api_demo import demo_api, listened, paths_of
from tests.support.api_harness import client

pytestmark = pytest.mark.realtime

DOCUMENT = create_app().openapi()
REGISTRY: Registry[object] = Registry().with_resource("openapi", Resource.opaque(DOCUMENT))

FIGURES = (
    "kalshi_edge_cycle_seconds_count",
    "kalshi_edge_last_cycle_age_seconds",
    "kalshi_edge_reconciled_age_seconds",
    'kalshi_edge_source_age_seconds{source="NBP"}',
    'kalshi_edge_source_bytes_total{source="NBP"}',
    'kalshi_edge_orders{state="done"}',
    "kalshi_edge_request_seconds_bucket",
    "kalshi_edge_live_clients",
)


def is_as_documented(name: str, value: object) -> None:
    reference = {"$ref": f"openapi#/components/schemas/{name}"}
    Draft202012Validator(reference, registry=REGISTRY).validate(value)


async def test_every_endpoint_answers_while_real_orders_are_traded() -> None:
    async with demo_api() as (trader, port), client(port) as http:
        paths = paths_of(trader)
        assert len(paths) > 25
        for path in paths:
            answer = await http.get(path)
            if path == "/api/ready":  # a busy machine's last cycle may be long ago
                assert answer.status_code == (503 if answer.json()["reasons"] else 200)
            else:
                assert answer.status_code == 200, path
        assert {name for name in FIGURES if name not in (await http.get("/metrics")).text} == set()
        positions = (await http.get("/api/positions/open")).json()
        is_as_documented("OpenPositions", positions)
        held = next(one for one in positions["positions"] if one["bracket_id"] is None)
        path = f"/api/positions/{held['trade_id']}/sell"
        request = {"limit_price": "0.01", "reason": "the test wants out"}
        clicks = await asyncio.gather(
            *(http.post(path, json=request, headers={"Idempotency-Key": "twice"}) for _ in range(2))
        )
        assert [click.status_code for click in clicks] == [200, 200]
        outcome = clicks[0].json()
        is_as_documented("SaleOutcome", outcome)
        assert outcome["is_settled"]
        assert outcome["seq"] == clicks[1].json()["seq"]
        sales = [o for o in trader.engine.account.orders.values() if o.intent.by_hand]
        assert len(sales) == 1
        assert sales[0].order_id is not None  # the exchange's own name: it was really there
        messages = await listened(http, port)
        is_as_documented("Snapshot", messages[0])
        updates = [message for message in messages if message["type"] == "update"]
        for update in updates:
            is_as_documented("Update", update)
        numbers = [update["n"] for update in updates]
        assert numbers == list(range(messages[0]["n"] + 1, messages[0]["n"] + 1 + len(numbers)))
        assert len(numbers) > 3
        assert "SYNTHETIC" in json.dumps(messages[0]["state"]["health"]["banners"])
