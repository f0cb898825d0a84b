"""Every answer of the sandbox's REST interface, held against the exchange's OpenAPI document."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.domain.market import FeeRule
from kalshi_sandbox.exchange.rest.app import PREFIX, RestEdge
from kalshi_sandbox.exchange.rest.routes import ROUTES
from kalshi_sandbox.exchange.venue.incidents import (
    announce_fees,
    change_ticks,
    maintain,
    settle_otherwise,
    waive_fees,
)
from kalshi_sandbox.exchange.venue.payments import NewPayment, pay, take_back
from tests.support.sandbox_builders import (
    BIN,
    TODAY,
    Client,
    client,
    exchange,
    member,
    order,
    order_body,
)
from tests.support.sandbox_specs import RestSpec

DEVIATIONS: dict[tuple[str, str, int], str] = {
    ("GET", "/series/{series_ticker}", 404): "an unknown ticker: 400 is for malformed ones",
    ("GET", "/series/{series_ticker}/events/{ticker}/candlesticks", 404): "an unknown ticker",
    ("GET", "/markets/candlesticks", 404): "an unknown ticker",
    ("GET", "/markets/orderbooks", 404): "an unknown ticker",
    ("POST", "/portfolio/events/orders", 404): "an unknown market, as the exchange answers",
    ("DELETE", "/portfolio/events/orders/{order_id}", 400): (
        "after the close every operation is refused, cancel included; no status is documented"
    ),
    ("POST", "/portfolio/events/orders/{order_id}/amend", 409): (
        "the new client order id is taken; creating documents this conflict, amending does not"
    ),
    ("DELETE", "/portfolio/events/orders/batched", 429): "limits are documented apart",
}
"""Statuses that the document does not foresee for an operation, each with its reason."""

RATE_LIMIT = "a 429 is {'error': 'too many requests'} on the wire, not the document's object"
WRAPPED = "errors are wrapped in 'error' on the wire; flat ones can be asked for"


@dataclass
class Witness(httpx.ASGITransport):
    """The edge in this process; what it answers is checked and remembered."""

    edge: RestEdge
    spec: RestSpec
    seen: set[tuple[str, str]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(app=self.edge)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await response.aread()
        path = request.url.path.removeprefix(PREFIX)
        template = self.spec.template(request.method, path)
        if response.status_code < 300:
            self.seen.add((request.method, template))
        self.check(request.method, path, template, response)
        return response

    def check(self, method: str, path: str, template: str, response: httpx.Response) -> None:
        status = response.status_code
        assert response.headers["x-synthetic"] == "yes"
        body: Any = response.json() if response.content else None
        if (method, template, status) in DEVIATIONS or status == 429:
            return
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            body = body["error"]
        for complaint in self.spec.complaints(method, path, status, body):
            self.faults.append(f"{method} {path} {status} {complaint}")


@pytest.fixture
def asking(shared) -> Client:
    on = exchange(cities=("NYC", "LA"), live_window=timedelta(days=2))
    clock = ManualClock(on.venue.now)
    witness = Witness(RestEdge(on, clock, clock), RestSpec(shared / "specs"))
    return client(on, transport=witness, clock=clock)


ORDERS, GROUPS = "/portfolio/events/orders", "/portfolio/order_groups"


async def read_everything(asking: Client, prefix: str = "") -> None:
    """Ask all that can be asked without changing anything."""
    now = int(asking.clock.now().timestamp())
    span = {"start_ts": now - 86_400, "end_ts": now, "period_interval": 60}
    series, candles = "/series/KXHIGHNY", "candlesticks"
    for path, query in (
        ("/exchange/status", {}),
        ("/exchange/schedule", {}),
        ("/exchange/user_data_timestamp", {}),
        ("/series", {"category": "Climate and Weather", "include_product_metadata": "true"}),
        ("/series", {"tags": "Daily temperature", "include_volume": "true"}),
        (series, {"include_volume": "true"}),
        ("/series/fee_changes", {}),
        (f"{series}/markets/{BIN}/{candles}", {**span, "include_latest_before_start": "true"}),
        (f"{series}/events/{TODAY}/{candles}", span),
        (f"/markets/{candles}", {**span, "market_tickers": f"{BIN},{TODAY}-T50"}),
        ("/events", {"with_nested_markets": "true", "series_ticker": "KXHIGHNY", "limit": 1}),
        ("/events/fee_changes", {}),
        (f"/events/{TODAY}", {}),
        (f"/events/{TODAY}", {"with_nested_markets": "true"}),
        (f"/events/{TODAY}", {"exclude_markets": "true"}),
        (f"/events/{TODAY}/metadata", {}),
        ("/markets", {"limit": 5}),
        (f"/markets/{BIN}", {}),
        (f"/markets/{BIN}/orderbook", {"depth": 2}),
        ("/markets/orderbooks", {"tickers": [BIN, f"{TODAY}-T50"]}),
        ("/markets/trades", {"ticker": BIN, "is_block_trade": "false"}),
        ("/historical/cutoff", {}),
        ("/historical/markets", {"series_ticker": "KXHIGHNY"}),
        ("/historical/trades", {}),
        ("/historical/fills", {}),
        ("/historical/orders", {}),
        ("/historical/positions", {}),
        ("/portfolio/balance", {}),
        ("/portfolio/orders", {"event_ticker": TODAY}),
        ("/portfolio/orders/queue_positions", {"event_ticker": TODAY}),
        ("/portfolio/fills", {"ticker": BIN}),
        ("/portfolio/positions", {"settlement_status": "all", "count_filter": "total_traded"}),
        ("/portfolio/settlements", {}),
        ("/portfolio/summary/total_resting_order_value", {}),
        ("/portfolio/deposits", {"limit": 2}),
        ("/portfolio/withdrawals", {}),
        ("/portfolio/subaccounts/transfers", {}),
        ("/portfolio/intra_exchange_instance_transfers", {}),
        (GROUPS, {}),
        ("/account/limits", {}),
        ("/account/endpoint_costs", {}),
    ):
        await asking.ask("GET", path, **query)


async def trade_everything(asking: Client) -> None:
    """Do all that can be done with orders and groups, rightly and wrongly."""
    other = member(asking.exchange)
    group = (await asking.ask("POST", f"{GROUPS}/create", {"contracts_limit": 50})).json()
    of_group = f"{GROUPS}/{group['order_group_id']}"
    placed = await asking.place(
        client_order_id="mine",
        order_group_id=group["order_group_id"],
        expiration_time=int(asking.clock.now().timestamp()) + 3600,
        cancel_order_on_pause=True,
    )
    mine = placed.json()["order_id"]
    asking.exchange.desk.place(other, order("ask", "0.40", "1.56"))
    asking.exchange.desk.place(other, order("ask", "0.45", "3"))
    await asking.ask("GET", f"/portfolio/orders/{mine}")
    await asking.ask("GET", f"/portfolio/orders/{mine}/queue_position")
    await asking.ask("GET", of_group)
    amend = {"ticker": BIN, "side": "bid", "price": "0.4000", "count": "9.00"}
    for change in ({}, {"price": "0.4500", "updated_client_order_id": "renamed"}, {"count": "1"}):
        await asking.ask("POST", f"{ORDERS}/{mine}/amend", amend | change)
    await asking.ask("POST", f"{ORDERS}/{mine}/decrease", {"reduce_by": "1.00"})
    await asking.ask("POST", f"{ORDERS}/{mine}/decrease", {})
    for limit in ({"contracts_limit": 60}, {"contracts_limit_fp": "0.00"}):
        await asking.ask("PUT", f"{of_group}/limit", limit)
    for verb in ("reset", "trigger"):
        await asking.ask("PUT", f"{of_group}/{verb}")
    await asking.ask("DELETE", of_group)
    await asking.ask("DELETE", of_group)
    await asking.place(client_order_id="mine")
    await asking.place(price="0.405")
    await asking.place(ticker="NO-SUCH")
    await asking.place(count="9999999")
    await asking.place(side="ask", price="0.6000", time_in_force="fill_or_kill")
    batch = [order_body(), order_body(price=0.4), order_body(client_order_id="mine")]
    found = await asking.ask("POST", f"{ORDERS}/batched", {"orders": batch})
    first = found.json()["orders"][0]["order_id"]
    items = [{"order_id": first}, {"order_id": first}]
    await asking.ask("DELETE", f"{ORDERS}/batched", {"orders": items})
    kept = (await asking.place()).json()["order_id"]
    await asking.ask("DELETE", f"{ORDERS}/{kept}", market_ticker=BIN)
    await asking.ask("DELETE", f"{ORDERS}/{kept}")
    await asking.ask("DELETE", ORDERS)
    await asking.ask("POST", "/account/api_usage_level/upgrade")


def pay_everything(asking: Client) -> None:
    """Money comes and goes, fees are waived, and others are announced."""
    on, hour = asking.exchange, timedelta(hours=1)
    account = next(a for a in on.venue.accounts.values() if a.name == "client")
    for kind in ("deposit", "withdrawal", "transfer"):
        pay(on.venue, account, NewPayment(kind, Decimal(5), Decimal("0.25")))
    pay(on.venue, account, NewPayment("deposit", Decimal(5), final_after=hour))
    pay(on.venue, account, NewPayment("transfer", Decimal(-5)))
    take_back(on.venue, account)
    waive_fees(on, TODAY, hour)
    announce_fees(on, "KXHIGHNY", FeeRule(multiplier=Decimal("0.5")), hour)


async def test_every_answer_is_as_the_specification_says(asking) -> None:
    on, witness = asking.exchange, asking.http._transport
    await read_everything(asking)
    await trade_everything(asking)
    pay_everything(asking)
    await read_everything(asking)
    change_ticks(on, f"{TODAY}-T50", "tapered_deci_cent")
    resting = (await asking.place()).json()["order_id"]
    asking.clock.set(on.venue.events[TODAY].close_at)
    await asking.ask("DELETE", f"{ORDERS}/{resting}")
    for at in (
        datetime(2026, 11, 23, 12, tzinfo=UTC),
        datetime(2026, 11, 23, 13, tzinfo=UTC),
        datetime(2026, 11, 26, 9, tzinfo=UTC),
    ):
        asking.clock.set(at)
        await read_everything(asking)
    end = int(asking.clock.now().timestamp())
    span = {"start_ts": end - 604_800, "end_ts": end, "period_interval": 1440}
    await asking.ask("GET", f"/historical/markets/{BIN}")
    await asking.ask("GET", f"/historical/markets/{BIN}/candlesticks", **span)
    assert witness.faults == []
    assert witness.seen == {(route.method, route.path) for route in ROUTES}


async def test_refusals_are_as_the_specification_says(asking) -> None:
    on, witness = asking.exchange, asking.http._transport
    for path in (
        "/markets/NO-SUCH",
        "/markets/NO-SUCH/orderbook",
        "/events/NO-SUCH",
        "/series/NO-SUCH",
        "/historical/markets/NO-SUCH",
        f"/series/KXHIGHNY/markets/{BIN}/candlesticks",
        "/markets/orderbooks",
        "/markets?limit=1001",
        "/events?limit=201",
        "/portfolio/orders?limit=0",
        "/portfolio/orders/NO-SUCH",
        "/portfolio/positions?count_filter=hope",
        "/portfolio/orders/queue_positions",
    ):
        assert (await asking.ask("GET", path)).status_code in (400, 404), path
    for signed in (True, False):
        await asking.ask("GET", "/portfolio/balance", signed=signed)
    settle_otherwise(on, TODAY, None)
    maintain(on, timedelta(minutes=1), whole=False)
    assert (await asking.place()).status_code == 503
    assert witness.faults == []
